//! Commands and accounts, in every disguise that some app would see through.

use http::HeaderValue;
use proptest::prelude::*;

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const MULTIPART: &str = "multipart/form-data; boundary=b";

fn scanner(content_type: &str) -> FieldScanner {
    let value = HeaderValue::from_str(content_type).unwrap();
    FieldScanner::for_body(&HeaderMap::from_iter([(header::CONTENT_TYPE, value)])).expect("a scanner")
}

fn found(content_type: &str, body: impl AsRef<[u8]>) -> Findings {
    let mut scanner = scanner(content_type);
    scanner.feed(body.as_ref());
    scanner.findings()
}

fn part(head: &str, value: &str) -> String {
    format!("--b\r\n{head}\r\n\r\n{value}\r\n--b--\r\n")
}

/// covers T4.3 (part)
#[test]
fn a_command_in_a_form_is_found_however_it_is_written() {
    for body in [
        "cmd=login",
        "usr=a&pwd=b&cmd=login",
        "%63md=login",
        "%63%6D%64=%6c%6f%67%69%6e",
        "cmd=ping&cmd=login",
        "cmd=login&cmd=ping",
        "a=1;cmd=login",
        "cmd=Login",
        "CMD=login",
        "cmd=+login",
        "&&=&cmd=login&",
        "cmd=frappe.www.login.login_via_key",
    ] {
        assert!(found(FORM, body).way_in, "{body}");
    }
    for body in
        ["", "cmd=", "cmd", "cmd=ping", "xcmd=login", "command=login", "x=cmd%3Dlogin", "doc={\"cmd\":\"login\"}"]
    {
        assert!(!found(FORM, body).way_in, "{body}");
    }
}

/// covers T4.3 (part)
#[test]
fn a_command_in_json_is_found_however_it_is_written() {
    for body in [
        r#"{"cmd":"login"}"#,
        r#"{"usr":"a", "cmd" : "login" , "pwd":"b"}"#,
        r#"{"\u0063md":"l\u006fgin"}"#,
        r#"{"cmd":"ping","cmd":"login"}"#,
        r#"{"cmd":"login","cmd":"ping"}"#,
        r#"{"cmd":["login"]}"#,
        r#"{"a":{"cmd":"login"}}"#,
        r#"{"cmd":{"a":"login"}}"#,
        "\u{feff}{\"cmd\":\n\t\"login\"}",
        r#"{"x":"\"","cmd":"login"}"#,
        r#"{"x":"\\","cmd":"login"}"#,
    ] {
        assert!(found(JSON, body).way_in, "{body}");
        assert!(found("application/vnd.api+JSON", body).way_in, "{body}");
    }
    for body in [
        r#"{"cmd":"ping"}"#,
        r#"{"a":"cmd","b":"login"}"#,
        r#"{"cmd":1,"b":"login"}"#,
        r#"{"cmd":null,"b":"login"}"#,
        r#"{"a":"\"cmd\":\"login\""}"#,
        r#"["cmd","login"]"#,
    ] {
        assert!(!found(JSON, body).way_in, "{body}");
    }
    let wide: Vec<u8> = r#"{"cmd":"login"}"#.bytes().flat_map(|byte| [byte, 0]).collect();
    assert!(found(JSON, wide).way_in);
}

/// covers T4.3 (part)
#[test]
fn a_command_in_a_form_of_parts_is_found_however_it_is_written() {
    for head in [
        "Content-Disposition: form-data; name=\"cmd\"",
        "content-disposition:form-data;name=cmd",
        "Content-Disposition : form-data; name = \"cmd\"",
        "Content-Type: text/plain\r\nCONTENT-DISPOSITION: form-data; NAME=\"cmd\"",
        "Content-Disposition: form-data;\r\n name=\"cmd\"",
        "Content-Disposition:\r\n\tform-data; name=\"cmd\"",
        "Content-Disposition\r\n : form-data; name=\"cmd\"",
        "Content-Disposition: form-data; name*=utf-8''%63md",
        "Content-Disposition: form-data; name*0=\"c\"; name*1=\"md\"",
        "Content-Disposition: form-data; name=\"x\"; name=\"cmd\"",
        "Content-Disposition: form-data; name=\"cmd\"; name=\"x\"",
        "Content-Disposition: form-data; filename=\"a\\\"; x=\"; name=\"cmd\"",
        "Content-Disposition: form-data; name=\"c\\md\"",
        "Content-Disposition: form-data; name=\"%63md\"",
    ] {
        assert!(found(MULTIPART, part(head, "login")).way_in, "{head}");
        assert!(!found(MULTIPART, part(head, "frappe.ping")).way_in, "{head}");
    }
    let padded = format!("Content-Disposition: form-data; {}name=\"cmd\"", " ".repeat(5_000));
    assert!(found(MULTIPART, part(&padded, "login")).way_in);
    let plain = "Content-Disposition: form-data; name=\"cmd\"";
    for text in [
        part(plain, "login").replace("\r\n", "\n"),
        part(plain, "login").replace("\r\n", "\r"),
        part(&format!("{plain}\r\nContent-Transfer-Encoding: base64"), "bG9naW4="),
        part(&format!("{plain}\r\nContent-Type: text/plain; charset=utf-7"), "+AGwAbwBnAGkAbg-"),
        format!("{plain}\r\n\nX: y\r\n\r\nlogin"),
        format!(
            "{}{}",
            part("Content-Disposition: form-data; name=\"f\"; filename=\"x\"", &"z\n".repeat(99)),
            part(plain, "login")
        ),
    ] {
        assert!(found(MULTIPART, &text).way_in, "{text}");
    }
    for head in [
        "Content-Disposition: form-data; name=\"x\"",
        "Content-Disposition: form-data; filename=\"cmd\"",
        "X-Name: cmd",
    ] {
        assert!(!found(MULTIPART, part(head, "login")).way_in, "{head}");
    }
}

/// covers T4.3 (part)
#[test]
fn the_type_of_a_body_is_read_as_broadly_as_any_app_reads_it() {
    for content_type in [
        "APPLICATION/X-WWW-FORM-URLENCODED",
        "application/x-www-form-urlencoded; charset=utf-8",
        "text/plain, application/x-www-form-urlencoded",
        "application/x-url-encoded",
        "application/json, application/x-www-form-urlencoded",
    ] {
        assert!(found(content_type, "cmd=login").way_in, "{content_type}");
        assert!(!found(content_type, "cmd=ping").way_in, "{content_type}");
    }
    // What we can't read might be a login.
    for content_type in [
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/json;charset=\"UTF-7\"",
        "multipart/form-data; boundary=b; charset=cp037",
    ] {
        assert!(found(content_type, "").way_in, "{content_type}");
    }
    let mut headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"))]);
    assert!(FieldScanner::for_body(&headers).is_none());
    headers.append(header::CONTENT_TYPE, HeaderValue::from_static(FORM));
    assert!(FieldScanner::for_body(&headers).is_some());
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    assert!(FieldScanner::for_body(&headers).unwrap().findings().way_in);
}

#[test]
fn the_account_is_named_and_the_password_is_not() {
    let form = found(FORM, "pwd=hunter2&usr=anna%40example.com&cmd=login");
    assert_eq!(form.account.as_deref(), Some("anna@example.com"));
    let json = found(JSON, r#"{"pwd":"hunter2","usr":"anna","user":"bert"}"#);
    assert_eq!(json.account.as_deref(), Some("anna"));
    let parts = found(MULTIPART, part("Content-Disposition: form-data; name=\"username\"", "an\tna"));
    assert_eq!(parts.account.as_deref(), Some("anna"));
    let long = found(FORM, format!("usr={}", "a".repeat(5_000)));
    assert_eq!(long.account.map(|name| name.len()), Some(100));
}

proptest! {
    /// Where a body is cut into pieces decides nothing, but that a name of a way in at the end of a piece counts.
    #[test]
    fn pieces_do_not_matter(
        body in proptest::collection::vec(prop_oneof![
            Just("cmd".to_owned()), Just("=".to_owned()), Just("&".to_owned()), Just("\"".to_owned()), Just(":".to_owned()),
            Just("\\".to_owned()), Just("\r\n".to_owned()), Just("login".to_owned()), Just("usr".to_owned()),
            Just("Content-Disposition: form-data; name=".to_owned()), "[ -~]{0,6}",
        ], 0..30),
        piece in 1_usize..9,
    ) {
        let body = body.concat();
        for content_type in [FORM, JSON, MULTIPART] {
            let whole = found(content_type, &body);
            let mut scanner = scanner(content_type);
            body.as_bytes().chunks(piece).for_each(|piece| scanner.feed(piece));
            prop_assert_eq!(scanner.findings(), whole);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..600)) {
        for content_type in [FORM, JSON, MULTIPART] {
            let _ = found(content_type, &body);
        }
    }
}
