//! Randomness for production.

use palisade_base::Rng;

/// aws-lc's random generator, seeded by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, buffer: &mut [u8]) {
        if aws_lc_rs::rand::fill(buffer).is_err() {
            // Going on with a buffer that is not random would hand out guessable keys and tokens.
            tracing::error!("the operating system gives no randomness; the program stops");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_fills_the_whole_buffer_anew() {
        let (mut first, mut second) = ([0; 64], [0; 64]);
        SystemRng.fill(&mut first);
        SystemRng.fill(&mut second);
        assert_ne!(first, second);
        assert!(first.chunks(8).all(|chunk| chunk != [0; 8]));
    }
}
