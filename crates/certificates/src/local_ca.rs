//! A CA of our own, for names that no public CA certifies.
//!
//! The root is made once and installed on the devices. It is bound to names of private networks and to the hosts that
//! it was made for, so that whoever steals its key can't pretend to be a bank towards those devices.

use std::{
    fs,
    net::{IpAddr, Ipv6Addr},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use palisade_base::{Env, Span};
use palisade_config::{HostName, Network};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, PKCS_ECDSA_P256_SHA256,
};
use zeroize::Zeroizing;

use crate::{
    CertificateError, Facts, disk,
    label::Label,
    own,
    pair::{self, Files, Pair},
    plan::{Plan, SitePlan},
};

/// A root is installed by hand on each device, so it lasts.
const ROOT_LIFE: Span = Span::days(3_650);
/// Short enough that a stolen key is of little use for long; nobody has to do anything for the next one.
const LEAF_LIFE: Span = Span::days(90);

/// Ends of names that exist in private networks only.
const PRIVATE_NAMES: [&str; 8] = ["local", "internal", "test", "lan", "home.arpa", "localhost", "intranet", "private"];
/// Private networks (RFC 1918, RFC 4193) and this machine.
const PRIVATE_NETWORKS: [&str; 6] =
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::1/128"];

/// The root: its certificate is for everybody, its key for nobody.
pub(crate) struct Root {
    pub(crate) pem: String,
    pub(crate) facts: Facts,
    key: KeyPair,
    permits: Vec<String>,
}

/// The CA's directory and what its certificates have in common.
pub(crate) struct LocalCa<'a> {
    dir: PathBuf,
    plan: &'a Plan,
    env: &'a Env,
}

impl<'a> LocalCa<'a> {
    pub(crate) fn new(plan: &'a Plan, env: &'a Env) -> Self {
        Self { dir: plan.dir.join("ca"), plan, env }
    }

    /// The root on disk; a new one where there is none, or where it may not vouch for a host that is configured now.
    /// The flag says whether it is new.
    pub(crate) fn root(&self) -> Result<(Root, bool), CertificateError> {
        let hosts = self.plan.local_hosts();
        if let Some(kept) = self.read_root()? {
            let runs = kept.facts.not_after > self.env.now() + LEAF_LIFE;
            match hosts.iter().find(|host| !kept.vouches_for(host)) {
                None if runs => return Ok((kept, false)),
                Some(host) => tracing::warn!(%host, "the local root may not vouch for this host: a new root is made"),
                None => tracing::warn!("the local root ends soon: a new root is made"),
            }
            self.set_aside(&kept)?;
        }
        Ok((self.make_root(&hosts)?, true))
    }

    /// The site's certificate on disk, if it is still good; otherwise a new one. The flag says whether it is new.
    pub(crate) fn leaf(&self, root: &Root, site: &SitePlan) -> Result<(Pair, bool), CertificateError> {
        match self.read_leaf(&self.leaf_path(site), root, site) {
            Some(kept) => Ok((kept, false)),
            None => self.make_leaf(root, site).map(|made| (made, true)),
        }
    }

    fn leaf_path(&self, site: &SitePlan) -> PathBuf {
        self.dir.join(format!("site-{}.pem", site.name))
    }

    fn root_files(&self) -> Files {
        Files { certificate: self.dir.join("root.pem"), key: self.dir.join("root.key") }
    }

    /// `None` where there is none. One that can't be read is an error: devices trust it, so it is not replaced lightly.
    fn read_root(&self) -> Result<Option<Root>, CertificateError> {
        let files = self.root_files();
        if !files.certificate.exists() {
            return Ok(None);
        }
        let facts = pair::read(&files)?.facts;
        let hint = "Restore both files of the local CA from a backup, or move them away: then a new root is made, which has to be installed on the devices.";
        let unreadable = |path: &Path, why: String| CertificateError::file(path, format!("can't be used: {why}"), hint);
        let text = |path: &Path| {
            let bytes = disk::read(path).map_err(|error| unreadable(path, error.to_string()))?;
            String::from_utf8(bytes).map(Zeroizing::new).map_err(|error| unreadable(path, error.to_string()))
        };
        let (pem, key) = (text(&files.certificate)?, text(&files.key)?);
        let key = KeyPair::from_pem(&key).map_err(|error| unreadable(&files.key, error.to_string()))?;
        let permits = Label::value(&pem, "permits").unwrap_or_default();
        let permits = permits.split_whitespace().map(str::to_owned).collect();
        Ok(Some(Root { pem: pem.to_string(), facts, key, permits }))
    }

    /// The old root stays on disk, under the beginning of its fingerprint.
    fn set_aside(&self, root: &Root) -> Result<(), CertificateError> {
        let files = self.root_files();
        let short: String = root.facts.fingerprint.chars().take(16).collect();
        for (path, end) in [(&files.certificate, "pem"), (&files.key, "key")] {
            let aside = self.dir.join(format!("root-{short}.{end}"));
            fs::rename(path, aside).map_err(|error| CertificateError::unwritable(path, &error))?;
        }
        Ok(())
    }

    fn make_root(&self, hosts: &[HostName]) -> Result<Root, CertificateError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let permits = permitted(hosts);
        let params = self.root_params(&permits)?;
        let label = Label::new(vec![("permits", permits.join(" "))]);
        let pem = format!("{}{}", label.to_text(), params.self_signed(&key)?.pem());
        let (key_pem, files) = (Zeroizing::new(key.serialize_pem()), self.root_files());
        disk::make_dir(&self.dir)?;
        // The certificate last: where it is there, the key is.
        disk::write(&files.key, key_pem.as_bytes(), disk::PRIVATE)?;
        disk::write(&files.certificate, pem.as_bytes(), disk::READABLE)?;
        let facts = pair::parse(pem.as_bytes(), key_pem.as_bytes(), &files)?.facts;
        tracing::info!(fingerprint = facts.fingerprint, path = %files.certificate.display(), "made the root of a local CA");
        Ok(Root { pem, facts, key, permits })
    }

    fn root_params(&self, permits: &[String]) -> Result<CertificateParams, CertificateError> {
        let mut params = CertificateParams::default();
        let mark = HEXLOWER.encode(&self.env.bytes::<3>());
        // The mark tells this root from others in a list of roots.
        params.distinguished_name = own::name(&format!("Palisade local CA {mark}"), &self.plan.company);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let permitted_subtrees = permits.iter().filter_map(|name| subtree(name)).collect();
        params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
        own::set_number_and_life(&mut params, ROOT_LIFE, self.env);
        Ok(params)
    }

    fn read_leaf(&self, path: &Path, root: &Root, site: &SitePlan) -> Option<Pair> {
        let text = Zeroizing::new(String::from_utf8(disk::read(path).ok()?).ok()?);
        let of_root = Label::value(&text, "root")? == root.facts.fingerprint;
        let for_hosts = Label::value(&text, "hosts")? == own::list_of(&site.hosts);
        let kept = pair::read_bundle(path).ok()?;
        (of_root && for_hosts && self.env.now() < kept.facts.renew_at()).then_some(kept)
    }

    /// A new certificate for the site, whatever there is.
    pub(crate) fn make_leaf(&self, root: &Root, site: &SitePlan) -> Result<Pair, CertificateError> {
        let path = self.leaf_path(site);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let first = site.hosts.first().map(ToString::to_string).unwrap_or_default();
        let mut params = own::for_hosts(&site.hosts, &first, &self.plan.company, LEAF_LIFE, self.env)?;
        params.use_authority_key_identifier_extension = true;
        let issuer = Issuer::from_ca_cert_pem(&root.pem, &root.key)?;
        let certificate = params.signed_by(&key, &issuer)?;
        let hosts = own::list_of(&site.hosts);
        let label = Label::new(vec![("hosts", hosts), ("root", root.facts.fingerprint.clone())]);
        let key_pem = Zeroizing::new(key.serialize_pem());
        let bundle = Zeroizing::new(format!("{}{}{}", label.to_text(), certificate.pem(), key_pem.as_str()));
        disk::write(&path, bundle.as_bytes(), disk::PRIVATE)?;
        tracing::info!(site = site.name, "the local CA made a certificate");
        pair::parse(bundle.as_bytes(), bundle.as_bytes(), &Files { certificate: path.clone(), key: path })
    }
}

impl Root {
    fn vouches_for(&self, host: &HostName) -> bool {
        let name = host.to_string();
        self.permits.iter().any(|permitted| match host.address() {
            Some(address) => Network::parse(permitted).is_ok_and(|network| network.contains(address)),
            None => name.strip_suffix(permitted.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
        })
    }
}

/// What the root may vouch for: everything private, and the hosts that it is made for.
fn permitted(hosts: &[HostName]) -> Vec<String> {
    let mut permits: Vec<String> = PRIVATE_NAMES.iter().chain(&PRIVATE_NETWORKS).map(ToString::to_string).collect();
    for host in hosts {
        let text = match host.address() {
            Some(address @ IpAddr::V4(_)) => format!("{address}/32"),
            Some(address @ IpAddr::V6(_)) => format!("{address}/128"),
            None => host.to_string(),
        };
        if !permits.contains(&text) {
            permits.push(text);
        }
    }
    permits
}

fn subtree(permitted: &str) -> Option<GeneralSubtree> {
    let Some((address, length)) = permitted.split_once('/') else {
        return Some(GeneralSubtree::DnsName(permitted.to_owned()));
    };
    let (address, length) = (address.parse::<IpAddr>().ok()?, length.parse::<u8>().ok()?);
    Some(GeneralSubtree::IpAddress(match address {
        IpAddr::V4(v4) => CidrSubnet::from_v4_prefix(v4.octets(), length),
        IpAddr::V6(v6) => CidrSubnet::from_v6_prefix(Ipv6Addr::octets(&v6), length),
    }))
}
