//! The self-signed certificate: made on first start, kept, and made anew before it runs out or when the hosts change.

use std::path::Path;

use palisade_base::{Date, Env, Span};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use zeroize::Zeroizing;

use crate::{
    CertificateError, disk,
    label::Label,
    own,
    pair::{self, Files, Pair},
    plan::Plan,
};

/// Browsers take no certificate that lasts longer than 398 days.
const LIFE: Span = Span::days(397);

/// The certificate on disk, if it is still good; otherwise a new one, which is on disk when this returns. The flag says
/// whether it is new.
pub(crate) fn load_or_make(plan: &Plan, env: &Env) -> Result<(Pair, bool), CertificateError> {
    let files = Files { certificate: plan.dir.join("self-signed.pem"), key: plan.dir.join("self-signed.key") };
    let hosts = own::list_of(&plan.all_hosts());
    let renew_from = own::day_of(env.now() + Span::days(i64::from(plan.renew_days)));
    match read_kept(&files, &hosts, renew_from) {
        Some(kept) => Ok((kept, false)),
        None => make(&files, plan, &hosts, env).map(|made| (made, true)),
    }
}

/// `None` for whatever reason it is not good: then a new one takes its place.
fn read_kept(files: &Files, hosts: &str, renew_from: Date) -> Option<Pair> {
    let pem = String::from_utf8(disk::read(&files.certificate).ok()?).ok()?;
    let ends: Date = Label::value(&pem, "ends")?.parse().ok()?;
    if Label::value(&pem, "hosts")? != hosts || ends <= renew_from {
        return None;
    }
    pair::read(files).ok()
}

fn make(files: &Files, plan: &Plan, hosts: &str, env: &Env) -> Result<Pair, CertificateError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let names = plan.all_hosts();
    let params = own::for_hosts(&names, "Palisade, self-signed", &plan.company, LIFE, env)?;
    let ends = own::last_day(LIFE, env);
    let label = Label::new(vec![("hosts", hosts.to_owned()), ("ends", ends.to_string())]);
    let pem = format!("{}{}", label.to_text(), params.self_signed(&key)?.pem());
    let key_pem = Zeroizing::new(key.serialize_pem());
    disk::make_dir(&plan.dir)?;
    disk::write(&files.key, key_pem.as_bytes(), disk::PRIVATE)?;
    disk::write(&files.certificate, pem.as_bytes(), disk::READABLE)?;
    tracing::info!(hosts, %ends, path = %shown(&files.certificate), "made a self-signed certificate");
    pair::parse(pem.as_bytes(), key_pem.as_bytes(), files)
}

fn shown(path: &Path) -> std::path::Display<'_> {
    path.display()
}
