//! What Python and Frappe make of a value.

use std::net::IpAddr;

use serde_json::Value;

/// Whether Python takes it for false. A text such as `"0"` is not: whoever quotes a zero has switched it on.
pub(super) fn stands_for_off(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

/// Whether Frappe takes it for on, as a number (`cint`) and as Python does.
pub(super) fn stands_for_on(value: &Value) -> bool {
    match value {
        Value::Bool(on) => *on,
        Value::Number(number) => number.as_f64().is_some_and(|number| number.trunc() != 0.0),
        Value::String(text) => text.trim().parse::<i64>().is_ok_and(|number| number != 0),
        _ => false,
    }
}

pub(super) fn is_positive(value: &Value) -> bool {
    value.as_u64().is_some_and(|number| number > 0)
}

pub(super) fn is_port(value: &Value) -> bool {
    value.as_u64().is_some_and(|number| (1..=65_535).contains(&number))
}

pub(super) fn is_one_of(value: &Value, words: &[&str]) -> bool {
    value.as_str().is_some_and(|text| words.contains(&text))
}

/// `{"limit": 100, "window": 60}`, or stricter: so many seconds of work in so many seconds.
pub(super) fn is_guides_limit(value: &Value) -> bool {
    let number = |key| value.get(key).and_then(Value::as_f64).filter(|number| *number > 0.0);
    // 100 in 60, as the guide has it.
    matches!((number("limit"), number("window")), (Some(limit), Some(window)) if limit * 60.0 <= window * 100.0)
}

pub(super) fn is_loopback_list(value: &Value) -> bool {
    let own =
        |entry: &Value| entry.as_str().and_then(|text| text.parse::<IpAddr>().ok()).is_some_and(|ip| ip.is_loopback());
    value.as_array().is_some_and(|list| list.iter().all(own))
}

/// A Redis of this machine: by a loopback address, or by a unix socket.
pub(super) fn is_loopback_redis(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    if text.starts_with("unix:") {
        return true;
    }
    let Some((_, rest)) = text.strip_prefix("redis").and_then(|rest| rest.split_once("://")) else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// `06:00:00`, `06:00` in seconds, as Frappe reads it.
#[must_use]
pub fn seconds_of(text: &str) -> Option<u64> {
    let parts: Vec<u64> = text.split(':').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes] => (hours, minutes, 0),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    hours.checked_mul(3_600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(seconds)
}

/// The text of a value without a password that stands in an address: `redis://:secret@host` → `redis://…@host`.
pub(super) fn without_password(text: &str) -> String {
    let Some((before, rest)) = text.split_once("://") else { return text.to_owned() };
    let from_host = rest.rfind('@').map_or_else(|| rest.to_owned(), |at| format!("…{}", &rest[at..]));
    let end = from_host.find('?').map_or_else(|| from_host.clone(), |at| format!("{}?…\"", &from_host[..at]));
    format!("{before}://{end}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_quoted_zero_is_on_in_python_and_neither_on_nor_off_here() {
        for off in [json!(0), json!(0.0), json!(false), json!(null), json!(""), json!([]), json!({})] {
            assert!(stands_for_off(&off) && !stands_for_on(&off), "{off}");
        }
        assert!(!stands_for_off(&json!("0")) && !stands_for_on(&json!("0")));
        for on in [json!(1), json!(true), json!("1"), json!(2)] {
            assert!(stands_for_on(&on) && !stands_for_off(&on), "{on}");
        }
        assert!(!stands_for_on(&json!("yes")), "cint makes 0 of it");
    }

    #[test]
    fn a_redis_is_this_machines_or_not() {
        for own in
            ["redis://127.0.0.1:13000", "redis://localhost:1", "redis://:pw@[::1]:6379/1", "unix:///run/redis.sock"]
        {
            assert!(is_loopback_redis(&json!(own)), "{own}");
        }
        for foreign in [
            "redis://redis-cache:6379",
            "redis://10.0.0.7:1",
            "redis://127.0.0.1@evil.example",
            "127.0.0.1",
            "redis://",
        ] {
            assert!(!is_loopback_redis(&json!(foreign)), "{foreign}");
        }
        assert_eq!(without_password("\"redis://:secret@10.0.0.7:1/0\""), "\"redis://…@10.0.0.7:1/0\"");
        assert_eq!(without_password("\"redis://10.0.0.7:1\""), "\"redis://10.0.0.7:1\"");
        assert_eq!(without_password("\"redis://:p/w\"@h\""), "\"redis://…@h\"");
        assert_eq!(without_password("\"unix:///r.sock?password=x\""), "\"unix:///r.sock?…\"");
    }

    #[test]
    fn times_and_limits_are_read_as_frappe_reads_them() {
        assert_eq!(seconds_of("06:00:00"), Some(21_600));
        assert_eq!(seconds_of("06:00"), Some(21_600));
        assert_eq!(seconds_of("168:00:00"), Some(604_800));
        assert!(["", "6", "a:b", "1:2:3:4", "99999999999999999999:0"].iter().all(|text| seconds_of(text).is_none()));
        assert!(is_guides_limit(&json!({ "limit": 100, "window": 60 })));
        assert!(is_guides_limit(&json!({ "limit": 50, "window": 60 })));
        assert!(!is_guides_limit(&json!({ "limit": 101, "window": 60 })));
        assert!(!is_guides_limit(&json!({ "limit": 0, "window": 60 })) && !is_guides_limit(&json!(100)));
        assert!(is_loopback_list(&json!(["127.0.0.1", "::1"])) && !is_loopback_list(&json!(["10.0.0.1"])));
        assert!(is_positive(&json!(4)) && !is_positive(&json!(0)) && is_port(&json!(6787)) && !is_port(&json!(70_000)));
    }
}
