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
    let mut lines: Vec<Line> = held.map(|(site, url)| (&*site.label, url, None)).collect();
    let is_listed = |name: &str| state.config.sites.iter().any(|site| site.name == name && site.url.is_some());
    for site in state.config.guarded.iter().filter(|site| !is_listed(&site.name)) {
        let target = HandOffTarget { site: &site.name, roles: &site.roles };
        let note = match state.identity.admission(session, &target).await? {
            Admission::Granted => None,
            Admission::NoRole => continue,
            Admission::NeedsFactor => Some(Badge::warn("Waits for your second factor")),
            Admission::NeedsSignIn => Some(Badge::warn("Asks for the second factor: sign out, and in again")),
        };
        lines.push((&site.label, &site.base_url, note));
    }
    Ok((!lines.is_empty()).then(|| Html::from_component(&table(&lines))))
}

/// A site's name and address, and what is to be done before it opens.
type Line<'a> = (&'a str, &'a str, Option<Badge>);

/// What is to be done has a column where there is something.
fn table(lines: &[Line<'_>]) -> Table {
    let all_open = lines.iter().all(|(_, _, note)| note.is_none());
    let columns = if all_open { 2 } else { 3 };
    let row = |(label, url, note): &Line<'_>| {
        let address = url.strip_prefix("https://").unwrap_or(url);
        let note = note.as_ref().map_or_else(Cell::none, Cell::badge);
        Row::link(*url, [Cell::text(label), Cell::text(address), note].into_iter().take(columns))
    };
    let heads = ["Site", "Address", "To be done first"].into_iter().take(columns).map(Head::new);
    Table::new("Sites that you may open", heads).rows(lines.iter().map(row))
}
