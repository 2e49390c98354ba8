//! Admin > Security > Session Settings.

use palisade_base::Error;
use palisade_identity::{
    permissions::{SESSION_END, SESSION_READ, USER_UPDATE},
    settings::{
        ClassPolicy, SessionPolicy,
        points::{self, Point},
    },
};
use palisade_web::{
    Failure, Fields, Html, Visitor,
    component::{ButtonLink, Field},
    decode_fields,
};
use serde::Deserialize;

use super::settings_page::SettingsPage;
use crate::{
    ConsoleState,
    parts::{Sections, button_row, paragraph},
    words,
};

#[derive(Deserialize)]
struct PolicyForm {
    #[serde(rename = "version")]
    _version: i64,
    #[serde(rename = "proof")]
    _proof: Option<String>,
    #[serde(rename = "browser.idle_minutes")]
    browser_idle_minutes: u32,
    #[serde(rename = "browser.life_minutes")]
    browser_life_minutes: u32,
    #[serde(rename = "browser.single", default)]
    browser_single: bool,
    #[serde(rename = "mobile.idle_minutes")]
    mobile_idle_minutes: u32,
    #[serde(rename = "mobile.life_minutes")]
    mobile_life_minutes: u32,
    #[serde(rename = "mobile.single", default)]
    mobile_single: bool,
}

impl SettingsPage for SessionPolicy {
    const TITLE: &'static str = "Session Settings";
    const PATH: &'static str = "/admin/security/sessions";

    fn fields(&self) -> Vec<Field> {
        let minutes = |name: &'static str, value: u32, hint: &str| {
            let said = format!("Now {}. {hint}", words::minutes(value));
            Field::number(name, Self::label(name)).value(value.to_string()).suffix("minutes").hint(said)
        };
        let single = |name: &'static str, value: bool| Field::checkbox(name, Self::label(name)).ticked(value);
        vec![
            minutes("browser.idle_minutes", self.browser.idle_minutes, "Guide: 30 minutes."),
            minutes("browser.life_minutes", self.browser.life_minutes, "Guide: 6 hours."),
            single("browser.single", self.browser.single),
            minutes(
                "mobile.idle_minutes",
                self.mobile.idle_minutes,
                "For devices that their owner named on the account page.",
            ),
            minutes("mobile.life_minutes", self.mobile.life_minutes, "Guide: 168 hours, which is 10080 minutes."),
            single("mobile.single", self.mobile.single),
        ]
    }

    fn read(fields: &Fields) -> Result<Self, Error> {
        let form: PolicyForm = decode_fields(fields)?;
        Ok(Self {
            browser: ClassPolicy {
                idle_minutes: form.browser_idle_minutes,
                life_minutes: form.browser_life_minutes,
                single: form.browser_single,
            },
            mobile: ClassPolicy {
                idle_minutes: form.mobile_idle_minutes,
                life_minutes: form.mobile_life_minutes,
                single: form.mobile_single,
            },
        })
    }

    fn label(field: &str) -> &'static str {
        match field {
            "browser.idle_minutes" => "Browsers: signed out when not used for",
            "browser.life_minutes" => "Browsers: signed out in any case after",
            "browser.single" => "Browsers: one session per user",
            "mobile.idle_minutes" => "Mobile devices: signed out when not used for",
            "mobile.life_minutes" => "Mobile devices: signed out in any case after",
            "mobile.single" => "Mobile devices: one session per user",
            _ => "Another setting",
        }
    }

    async fn points(&self, _: &ConsoleState, _: &Visitor) -> Result<Vec<Point>, Failure> {
        Ok(points::of_sessions(self))
    }

    async fn more(_: &ConsoleState, visitor: &Visitor) -> Result<Sections, Failure> {
        let may = |permission| visitor.caller.authority.allows(&permission, palisade_base::Scope::All);
        let links = [
            (may(SESSION_READ), "See who is signed in", "/admin/security/sessions/live"),
            (may(SESSION_END), "Sign out everybody", "/admin/security/sessions/end-all"),
            (may(USER_UPDATE), "Reset all passwords", "/admin/users/reset-passwords"),
        ];
        let buttons: Vec<_> = links
            .into_iter()
            .filter(|(open, ..)| *open)
            .map(|(_, label, path)| Html::from_component(&ButtonLink::second(label, path)))
            .collect();
        if buttons.is_empty() {
            return Ok(Sections::new());
        }
        let why =
            paragraph("After a break-in, or when a device with open sessions was lost. Each of these asks first.")?;
        Ok(Sections::new().under("Right now", [why, button_row(buttons)]))
    }
}
