//! Admin > Security > Password Policy.

use palisade_base::Error;
use palisade_identity::settings::{
    PasswordPolicy,
    points::{self, Point},
};
use palisade_web::{Failure, Fields, Visitor, component::Field, decode_fields};
use serde::Deserialize;

use super::settings_page::SettingsPage;
use crate::{ConsoleState, parts::Sections};

#[derive(Deserialize)]
struct PolicyForm {
    #[serde(rename = "version")]
    _version: i64,
    #[serde(rename = "proof")]
    _proof: Option<String>,
    min_length: u32,
    #[serde(default)]
    require_upper: bool,
    #[serde(default)]
    require_lower: bool,
    #[serde(default)]
    require_digit: bool,
    #[serde(default)]
    require_special: bool,
    expiry_days: u32,
    history: u32,
    lockout_failures: u32,
    lockout_minutes: u32,
    #[serde(default)]
    refuse_common: bool,
    #[serde(default)]
    refuse_context: bool,
}

impl SettingsPage for PasswordPolicy {
    const TITLE: &'static str = "Password Policy";
    const PATH: &'static str = "/admin/security/password-policy";

    fn fields(&self) -> Vec<Field> {
        let label = Self::label;
        let number = |name: &'static str, value: u32, unit: &str| {
            Field::number(name, label(name)).value(value.to_string()).suffix(unit)
        };
        let tick = |name: &'static str, value: bool| Field::checkbox(name, label(name)).ticked(value);
        vec![
            number("min_length", self.min_length, "characters")
                .hint("8 to 64. Guide: 12. ASVS: 8 at least, 15 recommended."),
            tick("require_upper", self.require_upper),
            tick("require_lower", self.require_lower),
            tick("require_digit", self.require_digit),
            tick("require_special", self.require_special),
            number("expiry_days", self.expiry_days, "days").hint("0 means never. Guide: 90. ASVS: never."),
            number("history", self.history, "earlier passwords").hint("0 to 24. Guide: 10."),
            number("lockout_failures", self.lockout_failures, "failures").hint("3 to 100. Guide: 5."),
            number("lockout_minutes", self.lockout_minutes, "minutes")
                .hint("1 to 1440. Devices that the owner has used before are not locked out."),
            tick("refuse_common", self.refuse_common),
            tick("refuse_context", self.refuse_context),
        ]
    }

    fn read(fields: &Fields) -> Result<Self, Error> {
        let form: PolicyForm = decode_fields(fields)?;
        Ok(Self {
            min_length: form.min_length,
            require_upper: form.require_upper,
            require_lower: form.require_lower,
            require_digit: form.require_digit,
            require_special: form.require_special,
            expiry_days: form.expiry_days,
            history: form.history,
            lockout_failures: form.lockout_failures,
            lockout_minutes: form.lockout_minutes,
            refuse_common: form.refuse_common,
            refuse_context: form.refuse_context,
        })
    }

    fn label(field: &str) -> &'static str {
        match field {
            "min_length" => "Shortest password",
            "require_upper" => "An upper-case letter is required",
            "require_lower" => "A lower-case letter is required",
            "require_digit" => "A number is required",
            "require_special" => "A special character is required",
            "expiry_days" => "A password runs out after",
            "history" => "A password can't come back for",
            "lockout_failures" => "Strangers are locked out after",
            "lockout_minutes" => "The lockout lasts",
            "refuse_common" => "Passwords known from breaches are refused",
            "refuse_context" => "The names of the user, the company and the product are refused",
            _ => "Another setting",
        }
    }

    async fn points(&self, _: &ConsoleState, _: &Visitor) -> Result<Vec<Point>, Failure> {
        Ok(points::of_passwords(self))
    }

    async fn more(_: &ConsoleState, _: &Visitor) -> Result<Sections, Failure> {
        Ok(Sections::new())
    }
}
