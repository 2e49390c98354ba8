//! The self-signed certificate: made on first start, kept, and made anew before it runs out or when the hosts change.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::tz::TimeZone;
use palisade_base::{Date, Env, Span};
use palisade_config::{Config, HostName};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
};
use rustls::sign::CertifiedKey;

use super::{TlsError, files};

/// Browsers take no certificate that lasts longer than 398 days.
const LIFE: Span = Span::days(397);

/// What stands in the file above the certificate, so that the program needs no X.509 reader to know it.
struct Label {
    hosts: String,
    ends: Date,
}

struct Place {
    certificate: PathBuf,
    key: PathBuf,
}

/// The certificate on disk, if it is still good; otherwise a new one, which is on disk when this returns.
pub(super) fn load_or_make(config: &Config, env: &Env) -> Result<Arc<CertifiedKey>, TlsError> {
    let dir = config.data_dir.join("tls");
    let place = Place { certificate: dir.join("self-signed.pem"), key: dir.join("self-signed.key") };
    let hosts = host_list(config);
    let renew_from = (env.now() + Span::days(i64::from(config.tls.renew_days))).date_in(&TimeZone::UTC);
    match read_kept(&place, &hosts, renew_from) {
        Some(kept) => Ok(kept),
        None => make(&place, &dir, config, &hosts, env),
    }
}

fn host_list(config: &Config) -> String {
    config.sites.iter().flat_map(|site| &site.hosts).map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// `None` for whatever reason it is not good: then a new one takes its place.
fn read_kept(place: &Place, hosts: &str, renew_from: Date) -> Option<Arc<CertifiedKey>> {
    let pem = fs::read_to_string(&place.certificate).ok()?;
    let label = Label::read(&pem)?;
    if label.hosts != hosts || label.ends <= renew_from {
        return None;
    }
    let key = fs::read(&place.key).ok()?;
    files::certified(pem.as_bytes(), &place.certificate, &key, &place.key).ok()
}

fn make(place: &Place, dir: &Path, config: &Config, hosts: &str, env: &Env) -> Result<Arc<CertifiedKey>, TlsError> {
    let (from, until) =
        ((env.now() - Span::days(1)).date_in(&TimeZone::UTC), (env.now() + LIFE).date_in(&TimeZone::UTC));
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = params(config, from, until, env)?.self_signed(&key)?;
    let pem = format!("{}{}", Label { hosts: hosts.to_owned(), ends: until }.to_text(), certificate.pem());
    let key_pem = key.serialize_pem();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| unwritable(dir, &error))?;
    write(&place.key, key_pem.as_bytes(), 0o600)?;
    write(&place.certificate, pem.as_bytes(), 0o644)?;
    tracing::info!(hosts, ends = %until, path = %place.certificate.display(), "made a self-signed certificate");
    files::certified(pem.as_bytes(), &place.certificate, key_pem.as_bytes(), &place.key)
}

fn params(config: &Config, from: Date, until: Date, env: &Env) -> Result<CertificateParams, TlsError> {
    let mut params = CertificateParams::default();
    for host in config.sites.iter().flat_map(|site| &site.hosts) {
        params.subject_alt_names.push(alternative_name(host)?);
    }
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "Palisade, self-signed");
    name.push(DnType::OrganizationName, config.company.name.as_str());
    params.distinguished_name = name;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.serial_number = Some(SerialNumber::from_slice(&env.bytes::<16>()));
    let ((year, month, day), (end_year, end_month, end_day)) = (parts_of(from), parts_of(until));
    params.not_before = rcgen::date_time_ymd(year, month, day);
    params.not_after = rcgen::date_time_ymd(end_year, end_month, end_day);
    Ok(params)
}

/// A date's parts as rcgen's own date library takes them.
fn parts_of(date: Date) -> (i32, u8, u8) {
    // A civil date's month and day are always in these ranges.
    let small = |n: i8| u8::try_from(n).unwrap_or(1);
    (i32::from(date.year()), small(date.month()), small(date.day()))
}

fn alternative_name(host: &HostName) -> Result<SanType, TlsError> {
    Ok(match host.address() {
        Some(address) => SanType::IpAddress(address),
        None => SanType::DnsName(host.to_string().try_into()?),
    })
}

/// Written beside and moved into place, so that no reader sees half of it.
fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), TlsError> {
    let beside = path.with_extension("new");
    let attempt = || -> std::io::Result<()> {
        let _ = fs::remove_file(&beside);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    attempt().map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> TlsError {
    TlsError::File {
        path: path.to_owned(),
        problem: format!("can't be written: {error}"),
        hint: "Check that Palisade's user owns the data directory.",
    }
}

impl Label {
    fn to_text(&self) -> String {
        format!("# Made by Palisade; it is replaced on its own.\n# hosts: {}\n# ends: {}\n", self.hosts, self.ends)
    }

    fn read(pem: &str) -> Option<Self> {
        let value = |key: &str| pem.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
        Some(Self { hosts: value("# hosts:")?.to_owned(), ends: value("# ends:")?.parse().ok()? })
    }
}
