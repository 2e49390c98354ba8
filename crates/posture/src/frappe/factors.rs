//! Who holds a privileged role in the site and is not asked for a second factor there.
//!
//! Frappe asks whoever has at least one role with "Two Factor Authentication" ticked, as long as its System Settings have
//! it switched on; what the guide's own script reads (a field of the user) does not exist. Whoever is asked and has no app
//! yet is given one by mail when signing in, so nobody who is asked gets in with a password alone.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{
    interface::{Asker, Unseen, not_answering},
    settings::Settings,
};
use crate::{Mend, Sight};

/// The guide's four.
const PRIVILEGED: [&str; 4] = ["Fleet Manager", "Operations Manager", "Safety Manager", "System Manager"];
/// Everybody has this one.
const EVERYBODY: &str = "All";
/// So many at a time.
const PAGE: usize = 500;
/// More pages are not asked for.
const PAGES: usize = 10;

/// Who holds what, and who is asked for a second factor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Holders {
    /// Enabled users with their privileged roles.
    held: BTreeMap<String, Vec<&'static str>>,
    /// Whether the site asks anybody.
    enabled: bool,
    /// The roles whose holders are asked.
    asked_roles: BTreeSet<String>,
    /// Those who hold one of them.
    asked: BTreeSet<String>,
    /// Some are let off by their address.
    bypass: bool,
}

/// Asks the site.
pub(super) async fn holders(asker: &Asker, settings: &Result<Settings, Unseen>) -> Result<Holders, Unseen> {
    let settings = settings.as_ref().map_err(Clone::clone)?;
    let mut holders = Holders {
        enabled: settings.enable_two_factor_auth == Some(true),
        bypass: settings.bypass_two_factor == Some(true),
        ..Holders::default()
    };
    for role in PRIVILEGED {
        let filters = json!([["Has Role", "role", "=", role], ["User", "enabled", "=", 1]]);
        for user in names(asker, "User", &filters).await? {
            holders.held.entry(user).or_default().push(role);
        }
    }
    holders.asked_roles = names(asker, "Role", &json!([["two_factor_auth", "=", 1]])).await?.into_iter().collect();
    if !holders.asked_roles.is_empty() && !holders.asked_roles.contains(EVERYBODY) {
        let filters = json!([["Has Role", "role", "in", holders.asked_roles], ["User", "enabled", "=", 1]]);
        holders.asked = names(asker, "User", &filters).await?.into_iter().collect();
    }
    Ok(holders)
}

/// Names of records, page by page.
async fn names(asker: &Asker, doctype: &str, filters: &Value) -> Result<Vec<String>, Unseen> {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (fields, filters) = (encode("[\"name\"]"), encode(&filters.to_string()));
    let mut all = Vec::new();
    for page in 0..PAGES {
        let start = page * PAGE;
        let path = format!(
            "/api/resource/{doctype}?fields={fields}&filters={filters}&order_by=name%20asc&limit_start={start}&limit_page_length={PAGE}"
        );
        let answer = asker.as_manager(&path).await?;
        let rows = answer
            .get("data")
            .and_then(Value::as_array)
            .ok_or_else(|| not_answering(format!("its list of {doctype} is none")))?;
        all.extend(rows.iter().filter_map(|row| row.get("name")?.as_str().map(str::to_owned)));
        if rows.len() < PAGE {
            return Ok(all);
        }
    }
    Err(not_answering(format!("it has more than {} of {doctype}", PAGE * PAGES)))
}

impl Holders {
    fn is_asked(&self, user: &str) -> bool {
        self.enabled && (self.asked_roles.contains(EVERYBODY) || self.asked.contains(user))
    }
}

/// What it comes to.
pub(super) fn judge(holders: Result<Holders, Unseen>) -> Sight {
    let holders = match holders {
        Ok(holders) => holders,
        Err(unseen) => return Sight::unseen(unseen.why, unseen.mend),
    };
    let all = holders.held.len();
    if all == 0 {
        return Sight::not_applicable("Nobody in the site holds one of the four privileged roles.");
    }
    let without: Vec<String> = holders
        .held
        .iter()
        .filter(|(user, _)| !holders.is_asked(user))
        .map(|(user, roles)| format!("{user}: {}", roles.join(", ")))
        .collect();
    if without.is_empty() {
        return Sight::in_force(format!("All {all} holders of privileged roles are asked for a second factor."))
            .with_evidence(let_off(&holders));
    }
    let why = if holders.enabled { "" } else { " The site asks nobody: it is switched off in its System Settings." };
    let seen = format!("{} of {all} holders of privileged roles have no second factor there.{why}", without.len());
    Sight::finding(seen, mend(&holders)).with_evidence(without.into_iter().chain(let_off(&holders)))
}

fn let_off(holders: &Holders) -> Option<String> {
    let word = "Users who may sign in from some addresses only are not asked (System Settings).";
    holders.bypass.then(|| word.to_owned())
}

fn mend(holders: &Holders) -> Mend {
    let switch = if holders.enabled { "" } else { "in System Settings switch Two Factor Authentication on; " };
    let roles: Vec<&str> = PRIVILEGED.into_iter().filter(|role| !holders.asked_roles.contains(*role)).collect();
    let tick = match roles.is_empty() {
        true => "then see that it stays ticked in the four roles".to_owned(),
        false => format!("tick Two Factor Authentication in the roles {}", roles.join(", ")),
    };
    Mend::new(format!("In Frappe: {switch}{tick}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn holders(enabled: bool, asked_roles: &[&str], asked: &[&str]) -> Holders {
        let held =
            [("ada@tems.local", vec!["System Manager"]), ("ben@tems.local", vec!["Fleet Manager", "Safety Manager"])];
        Holders {
            held: held.into_iter().map(|(user, roles)| (user.to_owned(), roles)).collect(),
            enabled,
            asked_roles: asked_roles.iter().map(ToString::to_string).collect(),
            asked: asked.iter().map(ToString::to_string).collect(),
            bypass: false,
        }
    }

    #[test]
    fn whoever_holds_a_privileged_role_without_a_second_factor_is_named() {
        let sight = judge(Ok(holders(true, &["System Manager"], &["ada@tems.local"])));
        assert_eq!(sight.verdict(), Verdict::Finding);
        assert_eq!(sight.seen(), "1 of 2 holders of privileged roles have no second factor there.");
        assert_eq!(sight.evidence(), ["ben@tems.local: Fleet Manager, Safety Manager"]);
        let mend =
            "In Frappe: tick Two Factor Authentication in the roles Fleet Manager, Operations Manager, Safety Manager.";
        assert_eq!(sight.mend().unwrap().what(), mend);
    }

    #[test]
    fn a_role_counts_for_nothing_while_it_is_switched_off() {
        let sight = judge(Ok(holders(false, &PRIVILEGED, &["ada@tems.local", "ben@tems.local"])));
        assert_eq!(sight.verdict(), Verdict::Finding);
        assert!(sight.seen().starts_with("2 of 2") && sight.seen().ends_with("switched off in its System Settings."));
        assert!(sight.mend().unwrap().what().starts_with("In Frappe: in System Settings switch"));
    }

    #[test]
    fn any_role_that_is_asked_is_enough_and_all_is_everybodys() {
        let one = holders(true, &["Employee"], &["ada@tems.local", "ben@tems.local"]);
        assert_eq!(judge(Ok(one)).verdict(), Verdict::InForce);
        let everybody = Holders { bypass: true, ..holders(true, &["All"], &[]) };
        let sight = judge(Ok(everybody));
        assert_eq!((sight.verdict(), sight.evidence().len()), (Verdict::InForce, 1));
        assert_eq!(judge(Ok(Holders::default())).verdict(), Verdict::NotApplicable);
    }
}
