//! Who one is here, and how safe the account is.

use axum::extract::State;
use palisade_identity::model::{FactorRule, UserRow};
use palisade_web::{
    Html, Outcome, Visitor, Width,
    component::{Badge, Callout, Facts, Tone},
};

use super::page;
use crate::{ConsoleState, parts::Sections, words};

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    let row = state.identity.own_user(&visitor.caller).await?;
    let sites = super::sites::list(&state, &visitor, &row).await?;
    let sections = Sections::new().part(&advice(&row));
    let sections = match sites {
        Some(sites) => sections.under("Sites that you may open", [sites]),
        None => sections,
    };
    let sections = sections
        .under("How you sign in", [Html::from_component(&sign_in_facts(&visitor, &row))])
        .under("What you may do", [Html::from_component(&role_facts(&state, &row))]);
    page(&visitor, &row.display_name, "/account").lead("Your account.").width(Width::Reading).body(&sections)
}

/// The one thing that is worth doing next, if any.
fn advice(row: &UserRow) -> Html {
    if row.has_factor {
        return Html::empty();
    }
    let rule =
        row.grants.iter().map(|grant| grant.factor).min_by_key(|rule| FactorRule::ALL.iter().position(|r| r == rule));
    let words = match rule {
        Some(FactorRule::Required) => {
            "A role of yours waits until you set up a second factor. Until then it allows nothing."
        }
        Some(FactorRule::Recommended) => "A role of yours recommends a second factor. Set it up under Second factor.",
        _ => return Html::empty(),
    };
    Html::from_component(&Callout::new(Tone::Warn, words))
}

fn sign_in_facts(visitor: &Visitor, row: &UserRow) -> Facts {
    let user = &row.user;
    let factor = if row.has_factor { Badge::ok("Set up") } else { Badge::note("Not set up") };
    let mut facts = Facts::new()
        .text("User name", user.user_name.as_str())
        .text("E-mail address", user.email.as_ref().map_or("", |email| email.as_str()))
        .component("Second factor", &factor);
    if let Some(at) = user.password_changed_at {
        facts = facts.component("Password set", &words::when(visitor, at));
    }
    match user.last_sign_in_at {
        Some(at) => facts.component("Signed in", &words::when(visitor, at)),
        None => facts,
    }
}

fn role_facts(state: &ConsoleState, row: &UserRow) -> Facts {
    let sites = state.config.sites.iter().map(|site| {
        let held: Vec<_> = row.grants.iter().filter(|grant| grant.site == site.name).cloned().collect();
        (site.label.as_str(), held)
    });
    if row.grants.is_empty() {
        return Facts::new().text("Roles", "No role");
    }
    let sites = sites.filter(|(_, held)| !held.is_empty());
    sites.fold(Facts::new(), |facts, (label, held)| facts.html(label, words::grant_badges(&held)))
}
