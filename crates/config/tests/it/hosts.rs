//! Host names have one spelling, whatever the client writes.

use palisade_config::{HostName, HostNameError};
use proptest::prelude::*;

#[test]
fn spellings_of_one_host_are_equal() {
    let host = |text: &str| HostName::parse(text).unwrap().to_string();
    assert_eq!(host("KPI.Example.COM."), "kpi.example.com");
    assert_eq!(host("[2001:DB8:0:0::1]"), "[2001:db8::1]");
    assert_eq!(host("::1"), "[::1]");
    assert_eq!(host("192.0.2.7"), "192.0.2.7");
    assert!(HostName::parse("192.0.2.7").unwrap().address().is_some());
    assert!(HostName::parse("localhost").unwrap().address().is_none());
}

#[test]
fn what_is_no_host_name_is_refused() {
    let cases = [
        ("", HostNameError::Empty),
        ("a b", HostNameError::BadCharacter),
        ("a/b", HostNameError::BadCharacter),
        ("user@host", HostNameError::BadCharacter),
        ("müller.example", HostNameError::BadCharacter),
        ("*.example.com", HostNameError::BadCharacter),
        ("a..b", HostNameError::BadForm),
        (".", HostNameError::BadForm),
        ("-a.example", HostNameError::BadForm),
        ("127.1", HostNameError::BadForm),
        ("0x7f000001", HostNameError::BadForm),
        ("1.2.3.256", HostNameError::BadForm),
        ("[::1", HostNameError::BadForm),
        ("[::1%25eth0]", HostNameError::BadForm),
        ("kpi.example.com:443", HostNameError::BadCharacter),
    ];
    for (text, error) in cases {
        assert_eq!(HostName::parse(text), Err(error), "{text:?}");
    }
    assert_eq!(HostName::parse(&"a".repeat(64)), Err(HostNameError::TooLong));
    assert_eq!(HostName::parse(&format!("{}.example", "a.".repeat(130))), Err(HostNameError::TooLong));
}

proptest! {
    /// Whatever is accepted is accepted again in its own spelling, and means the same.
    #[test]
    fn parsing_is_stable(text in "[a-zA-Z0-9.:\\[\\]x-]{0,40}|\\PC{0,60}") {
        if let Ok(host) = HostName::parse(&text) {
            prop_assert_eq!(HostName::parse(&host.to_string()), Ok(host));
        }
    }
}
