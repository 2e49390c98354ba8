//! PHC strings of Argon2id: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, base64 without padding.

use data_encoding::BASE64_NOPAD;

/// The cost of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

/// A stored hash, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Phc {
    pub(super) cost: Cost,
    pub(super) salt: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

impl Phc {
    pub(super) fn write(&self) -> String {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let (salt, hash) = (BASE64_NOPAD.encode(&self.salt), BASE64_NOPAD.encode(&self.hash));
        format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}")
    }

    /// `None` where the text is nothing that [`Phc::write`] could have written.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('$');
        let head = [parts.next()?, parts.next()?, parts.next()?];
        let (costs, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        if head != ["", "argon2id", "v=19"] || parts.next().is_some() {
            return None;
        }
        let mut costs = costs.split(',');
        let mut cost = |name: &str| costs.next()?.strip_prefix(name)?.parse::<u32>().ok();
        let cost = Cost { memory_kib: cost("m=")?, passes: cost("t=")?, lanes: cost("p=")? };
        let decode = |text: &str| BASE64_NOPAD.decode(text.as_bytes()).ok();
        Some(Self { cost, salt: decode(salt)?, hash: decode(hash)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_written_as_the_reference_implementation_writes_it() {
        let text = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let phc = Phc::read(text).unwrap();
        assert_eq!(phc.cost, Cost { memory_kib: 65536, passes: 2, lanes: 1 });
        assert_eq!(phc.salt, b"somesalt");
        assert_eq!(phc.write(), text);
    }

    #[test]
    fn anything_else_is_no_hash() {
        for text in ["", "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA", "$argon2id$v=19$t=1,m=8,p=1$c29t$AAAA", "x$y$z"]
        {
            assert_eq!(Phc::read(text), None, "{text}");
        }
    }
}
