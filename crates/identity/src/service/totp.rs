//! Time-based one-time codes (RFC 6238): SHA-1, six digits, steps of 30 seconds, as every authenticator app takes them.

use data_encoding::BASE32_NOPAD;
use palisade_base::{Env, Error, Instant, Secret, SecretString};
use qrcode::{QrCode, render::svg};
use totp_rs::{Algorithm, Builder, Totp};

use crate::model::TotpEnrolment;

const SEED_BYTES: usize = 20;
const STEP_SECONDS: u64 = 30;
const DIGITS: u8 = 6;
/// One step either side: clocks of phones are never that wrong, and people type slowly.
const STEPS_EITHER_SIDE: u16 = 1;

pub(super) fn new_seed(env: &Env) -> Secret<Vec<u8>> {
    Secret::new(env.bytes::<SEED_BYTES>().to_vec())
}

/// The time step of a code that is right at this instant; `None` for any other code.
pub(super) fn matching_step(seed: &Secret<Vec<u8>>, code: &str, now: Instant) -> Result<Option<i64>, Error> {
    let Ok(seconds) = u64::try_from(now.as_micros() / 1_000_000) else { return Ok(None) };
    let typed: String = code.chars().filter(|c| !c.is_whitespace()).take(usize::from(DIGITS) + 1).collect();
    let step = totp(seed, "Palisade", "user")?.check(&typed, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

/// What the page shows to enrol a seed with.
pub(super) fn enrolment(seed: &Secret<Vec<u8>>, issuer: &str, account: &str) -> Result<TotpEnrolment, Error> {
    let uri = totp(seed, issuer, account)?.to_url().map_err(Error::internal)?;
    let picture = QrCode::new(uri.as_bytes()).map_err(Error::internal)?;
    let svg = picture.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    // Inside an HTML page there is no XML declaration.
    let qr_svg = svg.find("<svg").map(|start| svg[start..].to_owned()).unwrap_or_default();
    Ok(TotpEnrolment { secret: Secret::new(BASE32_NOPAD.encode(seed.expose())), uri: SecretString::new(uri), qr_svg })
}

fn totp(seed: &Secret<Vec<u8>>, issuer: &str, account: &str) -> Result<Totp, Error> {
    // A colon separates the two in the address.
    let name = |text: &str| text.replace(':', " ");
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_skew(STEPS_EITHER_SIDE)
        .with_step_duration(STEP_SECONDS)
        .with_secret(seed.expose().clone())
        .with_issuer(Some(name(issuer)))
        .with_account_name(name(account))
        .build()
        .map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seed of RFC 6238, appendix B.
    fn seed() -> Secret<Vec<u8>> {
        Secret::new(b"12345678901234567890".to_vec())
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }

    /// RFC 6238, appendix B, cut to six digits: 94287082 at 59 s, 07081804 at 1111111109 s.
    ///
    /// covers K1.3 (part)
    #[test]
    fn codes_are_those_of_the_rfc() {
        assert_eq!(matching_step(&seed(), "287082", at(59)).unwrap(), Some(1));
        assert_eq!(matching_step(&seed(), "081 804", at(1_111_111_109)).unwrap(), Some(37_037_036));
        assert_eq!(matching_step(&seed(), "287083", at(59)).unwrap(), None);
    }

    /// covers K1.3 (part)
    #[test]
    fn one_step_either_side_is_taken_and_two_are_not() {
        for (seconds, step) in [(0, Some(1)), (30, Some(1)), (89, Some(1)), (90, None)] {
            assert_eq!(matching_step(&seed(), "287082", at(seconds)).unwrap(), step, "{seconds}");
        }
        // 1111111109 s lies in step 37037036, which begins at 1111111080 s.
        assert_eq!(matching_step(&seed(), "081804", at(1_111_111_049)).unwrap(), None);
        assert_eq!(matching_step(&seed(), "081804", at(1_111_111_050)).unwrap(), Some(37_037_036));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for code in ["", "28708", "2870822", "+87082", "28708a", "\u{0662}87082", &"1".repeat(100_000)] {
            assert_eq!(matching_step(&seed(), code, at(59)).unwrap(), None);
        }
    }

    #[test]
    fn the_enrolment_is_what_apps_scan() {
        let shown = enrolment(&seed(), "Handy: Crew", "ada").unwrap();
        assert_eq!(shown.secret.expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(shown.uri.expose().starts_with("otpauth://totp/Handy%20%20Crew:ada?"), "{}", shown.uri.expose());
        assert!(shown.qr_svg.starts_with("<svg") && !shown.qr_svg.contains("style="));
    }
}
