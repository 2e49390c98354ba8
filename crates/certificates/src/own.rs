//! What every certificate that is made here has in common.

use jiff::tz::TimeZone;
use palisade_base::{Date, Env, Instant, Span};
use palisade_config::HostName;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType, SerialNumber,
};

use crate::CertificateError;

/// A certificate for hosts: server authentication, nothing else, from yesterday (clocks differ) until the end of `life`.
pub(crate) fn for_hosts<'a>(
    hosts: impl IntoIterator<Item = &'a HostName>,
    common_name: &str,
    company: &str,
    life: Span,
    env: &Env,
) -> Result<CertificateParams, CertificateError> {
    let mut params = CertificateParams::default();
    for host in hosts {
        params.subject_alt_names.push(alternative_name(host)?);
    }
    params.distinguished_name = name(common_name, company);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    set_number_and_life(&mut params, life, env);
    Ok(params)
}

pub(crate) fn name(common_name: &str, company: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name.push(DnType::OrganizationName, company);
    name
}

pub(crate) fn set_number_and_life(params: &mut CertificateParams, life: Span, env: &Env) {
    params.serial_number = Some(SerialNumber::from_slice(&serial(env)));
    let ((year, month, day), (end_year, end_month, end_day)) =
        (parts_of(day_of(env.now() - Span::days(1))), parts_of(last_day(life, env)));
    params.not_before = rcgen::date_time_ymd(year, month, day);
    params.not_after = rcgen::date_time_ymd(end_year, end_month, end_day);
}

/// The day at whose beginning it ends.
pub(crate) fn last_day(life: Span, env: &Env) -> Date {
    day_of(env.now() + life)
}

pub(crate) fn day_of(instant: Instant) -> Date {
    instant.date_in(&TimeZone::UTC)
}

/// 16 random bytes, as a number that is positive and not zero (RFC 5280, 4.1.2.2).
fn serial(env: &Env) -> [u8; 16] {
    let mut bytes = env.bytes::<16>();
    bytes[0] = bytes[0] & 0x7f | 0x40;
    bytes
}

/// A date's parts as rcgen's own date library takes them.
fn parts_of(date: Date) -> (i32, u8, u8) {
    // A civil date's month and day are always in these ranges.
    let small = |n: i8| u8::try_from(n).unwrap_or(1);
    (i32::from(date.year()), small(date.month()), small(date.day()))
}

pub(crate) fn alternative_name(host: &HostName) -> Result<SanType, CertificateError> {
    Ok(match host.address() {
        Some(address) => SanType::IpAddress(address),
        None => SanType::DnsName(host.to_string().try_into()?),
    })
}

/// Hosts as labels have them.
pub(crate) fn list_of(hosts: &[HostName]) -> String {
    hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
