//! Frappe's System Settings, which decide some of what the guide writes into files.

use serde_json::Value;

use super::interface::{Asker, Unseen};

const PATH: &str = "/api/resource/System%20Settings/System%20Settings";

/// What of them matters here. `None`: this release of Frappe has no such setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    /// "Show full error and allow reporting of issues to the developer".
    pub(super) allow_error_traceback: Option<bool>,
    pub(super) deny_multiple_sessions: Option<bool>,
    pub(super) session_expiry: Option<String>,
    /// Gone since release 15.
    pub(super) session_expiry_mobile: Option<String>,
    pub(super) enable_two_factor_auth: Option<bool>,
    /// Whoever may sign in from some addresses only is not asked for a second factor.
    pub(super) bypass_two_factor: Option<bool>,
}

/// Asks for them.
pub(super) async fn ask(asker: &Asker) -> Result<Settings, Unseen> {
    Ok(read(&asker.as_manager(PATH).await?))
}

fn read(answer: &Value) -> Settings {
    let value = |key: &str| answer.get("data").and_then(|data| data.get(key)).filter(|value| !value.is_null());
    let is_on =
        |key| value(key).map(|value| value.as_i64().map_or(value.as_bool() == Some(true), |number| number != 0));
    let text = |key| value(key).and_then(Value::as_str).map(str::to_owned);
    Settings {
        allow_error_traceback: is_on("allow_error_traceback"),
        deny_multiple_sessions: is_on("deny_multiple_sessions"),
        session_expiry: text("session_expiry"),
        session_expiry_mobile: text("session_expiry_mobile"),
        enable_two_factor_auth: is_on("enable_two_factor_auth"),
        bypass_two_factor: is_on("bypass_2fa_for_retricted_ip_users"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_read_as_frappe_answers_them() {
        let data = json!({ "data": {
            "name": "System Settings", "allow_error_traceback": 1, "deny_multiple_sessions": 0, "session_expiry": "06:00",
            "enable_two_factor_auth": 1, "bypass_2fa_for_retricted_ip_users": 0, "session_expiry_mobile": null,
        } });
        let expected = Settings {
            allow_error_traceback: Some(true),
            deny_multiple_sessions: Some(false),
            session_expiry: Some("06:00".to_owned()),
            session_expiry_mobile: None,
            enable_two_factor_auth: Some(true),
            bypass_two_factor: Some(false),
        };
        assert_eq!(read(&data), expected);
        assert_eq!(read(&json!([])), Settings::default());
    }
}
