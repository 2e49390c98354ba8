//! The sites that somebody may open, with the way there.

use palisade_base::Error;
use palisade_identity::{HandOffTarget, model::UserRow, policy::Admission};
use palisade_web::{
    Html, Visitor,
    component::{Badge, Cell, Head, Row, Table},
};

use crate::{ConsoleState, step_up};

/// The guarded sites that would let the person in, or nearly, and the built-in ones elsewhere on which they hold a role.
/// `None` where there is none: a company with one site needs no list.
pub(super) async fn list(state: &ConsoleState, visitor: &Visitor, row: &UserRow) -> Result<Option<Html>, Error> {
    let session = step_up::session(visitor)?;
    let built_in = state.config.sites.iter().filter_map(|site| Some((site, site.url.as_deref()?)));
    let held = built_in.filter(|(site, _)| row.grants.iter().any(|grant| grant.site == site.name));
    let mut rows: Vec<Row> = held.map(|(site, url)| line(&site.label, url, Cell::text(""))).collect();
    let is_listed = |name: &str| state.config.sites.iter().any(|site| site.name == name && site.url.is_some());
    for site in state.config.guarded.iter().filter(|site| !is_listed(&site.name)) {
        let target = HandOffTarget { site: &site.name, roles: &site.roles };
        let note = match state.identity.admission(session, &target).await? {
            Admission::Granted => Cell::text(""),
            Admission::NoRole => continue,
            Admission::NeedsFactor => Cell::badge(&Badge::warn("Waits for your second factor")),
            Admission::NeedsSignIn => Cell::badge(&Badge::warn("Asks for the second factor: sign out, and in again")),
        };
        rows.push(line(&site.label, &site.base_url, note));
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let heads = ["Site", "Address", "To be done first"].map(Head::new);
    Ok(Some(Html::from_component(&Table::new("Sites that you may open", heads).rows(rows))))
}

fn line(label: &str, url: &str, note: Cell) -> Row {
    let address = url.strip_prefix("https://").unwrap_or(url);
    Row::link(url, [Cell::text(label), Cell::text(address), note])
}
