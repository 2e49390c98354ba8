use palisade_web::{Notice, ReturnPath, see_other, see_other_with};

fn location(path: &str) -> String {
    see_other(path).headers()["location"].to_str().unwrap().to_owned()
}

/// covers T1.9 (part)
#[test]
fn a_return_path_never_leaves_the_site() {
    for hostile in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\\b",
        "javascript:alert(1)",
        "evil.example",
        "",
        " /x",
        "/x y",
        "/\tevil",
        "/x\r\nSet-Cookie: a=b",
        "/\u{2028}x",
    ] {
        assert_eq!(ReturnPath::parse(hostile), None, "{hostile:?}");
        assert_eq!(location(hostile), "/", "{hostile:?}");
    }
    assert_eq!(ReturnPath::parse(&format!("/{}", "x".repeat(2_048))), None);
    for own in ["/", "/employees?page=2&sort=name", "/a//b", "/%2F%2Fevil.example", "/x#y"] {
        assert_eq!(location(own), own);
    }
}

#[test]
fn signing_in_does_not_lead_back_to_signing_in_or_out() {
    assert_eq!(ReturnPath::after_sign_in("/sign-in?next=/x"), None);
    assert_eq!(ReturnPath::after_sign_in("/sign-out"), None);
    let path = ReturnPath::after_sign_in("/teams?a=1&b=2#c").unwrap();
    assert_eq!(path.sign_in_path(), "/sign-in?next=/teams%3Fa%3D1%26b%3D2%23c");
}

#[test]
fn a_notice_travels_in_a_short_lived_cookie_of_this_host() {
    let response = see_other_with("/teams", &Notice::ok("Added."));
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-palisade-notice="));
    assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60"));
    // However long the text, the cookie stays within what browsers keep.
    let long = see_other_with("/teams", &Notice::warn("😀".repeat(5_000)));
    assert!(long.headers()["set-cookie"].len() < 4_000);
}
