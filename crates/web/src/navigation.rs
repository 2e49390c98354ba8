//! The entries of rail and bars.

use jiff::tz::TimeZone;
use palisade_base::{Authority, Permission, Scope};

use crate::{Icon, Visitor};

/// One entry. Sites list theirs; a visitor sees those that their authority opens.
#[derive(Clone, Debug)]
pub struct NavItem {
    /// The heading that it stands under, such as `Admin`; empty: the first group, without a heading.
    pub section: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// Where it leads.
    pub path: &'static str,
    /// Its picture.
    pub icon: Icon,
    /// What one must be allowed to see it; `None`: everybody who is signed in.
    pub permission: Option<(Permission, Scope)>,
    /// Its rank for the phone's bottom bar, which shows the four lowest that the visitor may see.
    pub phone_rank: Option<u8>,
}

/// Where the search field of the top bar leads: `GET path?q=…`.
#[derive(Clone, Debug)]
pub struct Search {
    /// The page that answers.
    pub path: &'static str,
    /// What can be searched, for the field's label and placeholder.
    pub label: &'static str,
    /// What one must be allowed to use it.
    pub permission: Option<(Permission, Scope)>,
}

/// What frames the pages of a site.
#[derive(Clone, Debug)]
pub struct Navigation {
    /// The site's or company's name.
    pub site_name: String,
    /// The company's time zone: the one that pages show times in.
    pub zone: TimeZone,
    /// The entries, in order; the entries of a section stand together.
    pub items: Vec<NavItem>,
    /// The search field, where the site has one.
    pub search: Option<Search>,
    /// Where help is.
    pub help: Option<&'static str>,
}

/// A section as a visitor sees it.
pub(crate) struct Section<'a> {
    pub(crate) heading: &'static str,
    pub(crate) entries: Vec<Entry<'a>>,
}

/// An entry as a visitor sees it.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) item: &'a NavItem,
    pub(crate) current: bool,
}

impl Navigation {
    /// A frame without entries.
    pub fn new(site_name: impl Into<String>, zone: TimeZone) -> Self {
        Self { site_name: site_name.into(), zone, items: Vec::new(), search: None, help: None }
    }

    /// Adds entries.
    #[must_use]
    pub fn with(mut self, items: impl IntoIterator<Item = NavItem>) -> Self {
        self.items.extend(items);
        self
    }

    /// The sections that this visitor sees; what lies `under` a path is marked there, else under the visitor's own.
    pub(crate) fn sections(&self, visitor: &Visitor, under: Option<&str>) -> Vec<Section<'_>> {
        let mut sections: Vec<Section<'_>> = Vec::new();
        for entry in self.entries(visitor, under) {
            match sections.iter_mut().find(|section| section.heading == entry.item.section) {
                Some(section) => section.entries.push(entry),
                None => sections.push(Section { heading: entry.item.section, entries: vec![entry] }),
            }
        }
        sections
    }

    /// The at most four entries of the phone's bottom bar.
    pub(crate) fn phone_entries(&self, visitor: &Visitor, under: Option<&str>) -> Vec<Entry<'_>> {
        let mut ranked: Vec<_> =
            self.entries(visitor, under).into_iter().filter(|e| e.item.phone_rank.is_some()).collect();
        ranked.sort_by_key(|entry| entry.item.phone_rank);
        ranked.truncate(4);
        ranked
    }

    /// The search field, if this visitor may use it.
    pub(crate) fn search_for(&self, visitor: &Visitor) -> Option<&Search> {
        self.search.as_ref().filter(|search| is_open(search.permission.as_ref(), &visitor.caller.authority))
    }

    fn entries(&self, visitor: &Visitor, under: Option<&str>) -> Vec<Entry<'_>> {
        if !visitor.is_signed_in() {
            return Vec::new();
        }
        let current = self.current(under.unwrap_or(&visitor.path));
        let open = self.items.iter().filter(|item| is_open(item.permission.as_ref(), &visitor.caller.authority));
        open.map(|item| Entry { item, current: Some(item.path) == current }).collect()
    }

    /// The entry that a path lies under: the one with the longest path.
    fn current(&self, path: &str) -> Option<&'static str> {
        let under = |item: &&NavItem| path == item.path || lies_under(path, item.path);
        self.items.iter().filter(under).map(|item| item.path).max_by_key(|path| path.len())
    }
}

fn lies_under(path: &str, parent: &str) -> bool {
    parent != "/" && path.strip_prefix(parent).is_some_and(|rest| rest.starts_with('/'))
}

fn is_open(needed: Option<&(Permission, Scope)>, authority: &Authority) -> bool {
    needed.is_none_or(|(permission, scope)| authority.allows(permission, *scope))
}
