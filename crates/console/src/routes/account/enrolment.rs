//! What enrolling an authenticator app looks like, while signing in and on the account page.

use askama::Template;
use data_encoding::BASE64;
use palisade_base::SecretString;
use palisade_identity::model::TotpEnrolment;
use palisade_web::{
    Failure, Html,
    component::{Field, SecretOnce},
};

#[derive(Template)]
#[template(path = "enrolment.html")]
struct Steps {
    picture: String,
    secret: SecretOnce,
}

/// The picture to scan, and the secret to type where scanning is not possible.
pub(crate) fn steps(waiting: &TotpEnrolment) -> Result<Html, Failure> {
    let picture = format!("data:image/svg+xml;base64,{}", BASE64.encode(waiting.qr_svg.as_bytes()));
    let secret = SecretOnce::new("secret", "Or type this into the app", in_fours(waiting.secret.expose()));
    Html::of(&Steps { picture, secret })
}

/// Sixteen characters at a stretch are hard to type.
fn in_fours(secret: &str) -> String {
    let mut grouped = String::with_capacity(secret.len() * 5 / 4);
    for (at, c) in secret.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            grouped.push(' ');
        }
        grouped.push(c);
    }
    grouped
}

/// The field for the first code.
pub(crate) fn code_field() -> Field {
    Field::code("code", "Code").hint("The six digits that the app shows now.").max_length(16)
}

/// Recovery codes, shown once.
#[derive(Template)]
#[template(path = "recovery_codes.html")]
pub(crate) struct Codes {
    codes: Vec<String>,
    go_on: &'static str,
    path: String,
}

impl Codes {
    pub(crate) fn new(codes: &[SecretString], go_on: &'static str, path: impl Into<String>) -> Self {
        Self { codes: codes.iter().map(|code| code.expose().clone()).collect(), go_on, path: path.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::in_fours;

    #[test]
    fn a_secret_is_shown_in_fours() {
        assert_eq!(in_fours("ABCDEFGHIJ"), "ABCD EFGH IJ");
    }
}
