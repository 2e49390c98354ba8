//! One-time codes (RFC 6238), computed apart from the product, so that its own reading of the standard is tested.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::hmac;
use data_encoding::{BASE32, BASE32_NOPAD};

const STEP_SECONDS: u64 = 30;

/// An authenticator app that holds one secret.
#[derive(Debug)]
pub struct TotpSecret {
    key: Vec<u8>,
    last_step: AtomicU64,
}

impl TotpSecret {
    /// Takes the secret as a person types it: base 32, with or without spaces and padding.
    ///
    /// # Panics
    /// It is no base 32.
    #[must_use]
    pub fn new(base32: &str) -> Self {
        let text: String = base32.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
        let key =
            if text.ends_with('=') { BASE32.decode(text.as_bytes()) } else { BASE32_NOPAD.decode(text.as_bytes()) };
        Self { key: key.expect("the secret is base 32"), last_step: AtomicU64::new(0) }
    }

    /// A code that was not given before, good for 45 seconds at least: long enough to be typed and sent. The server takes a
    /// step once, and one step ahead of its clock; who asks three times within a minute has to wait for the clock, and does.
    ///
    /// # Panics
    /// The clock stands before 1970.
    pub async fn next_code(&self) -> String {
        let step = crate::until("an unused one-time code", async || {
            let now = now_seconds() / STEP_SECONDS;
            // The second half of a step leaves less time than that; the next step's code is taken already.
            let fresh = (now_seconds() + STEP_SECONDS / 2) / STEP_SECONDS;
            let step = fresh.max(self.last_step.load(Ordering::SeqCst) + 1);
            (step <= now + 1).then_some(step)
        })
        .await;
        self.last_step.store(step, Ordering::SeqCst);
        self.code_at(step)
    }

    fn code_at(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.key);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let digest = tag.as_ref();
        let offset = usize::from(digest[digest.len() - 1] & 0x0f);
        let four: [u8; 4] = digest[offset..offset + 4].try_into().unwrap();
        format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
    }
}

#[expect(clippy::disallowed_methods, reason = "the binary under test runs on the real clock, and so must its codes")]
fn now_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = TotpSecret::new("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(secret.code_at(seconds / STEP_SECONDS), code);
        }
    }
}
