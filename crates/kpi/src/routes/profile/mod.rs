//! One employee's pages: the record's own as the overview, and beside it skills, tools, evaluations and progress.
//!
//! Where somebody stands now is for everybody who reaches their standing; what was evaluated and how it came to that is
//! for themselves and who leads them. The record layer's page of an employee knows nothing of this: it asks
//! [`Profile`], its companion.

mod api;
mod development;
mod evaluations;
mod overview;
mod progress;
mod skills;
mod tools;

use axum::extract::State;
use palisade_base::{Caller, Error, Permission, RecordId, Scope};
use palisade_records::{ListRequest, Record, Records, api::Calls};
use palisade_web::{
    Access, Failure, Icon, ListSpec, NavItem, Order, Outcome, Page, Routes, Visitor, Width,
    component::{Badge, Breadcrumbs, EmptyState, Tabs},
    see_other,
};

use crate::{
    dashboard::Dashboards,
    standing::{READ_STANDING, Standings},
    types::{EMPLOYEE, EVALUATION, GOAL},
};

/// What these pages work with; the companion of an employee's record.
#[derive(Clone)]
pub(super) struct Profile {
    records: Records,
    standings: Standings,
    dashboards: Dashboards,
}

/// The pages of an employee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    /// The record's own page.
    Overview,
    /// Current ratings.
    Skills,
    /// Tools: what they can operate and carry.
    Tools,
    /// What was evaluated.
    Evaluations,
    /// How it came to that.
    Progress,
    /// What is missing for the next tier.
    Readiness,
    /// What they are working on.
    Development,
}

impl Tab {
    const ALL: [Self; 7] = [
        Self::Overview,
        Self::Skills,
        Self::Tools,
        Self::Evaluations,
        Self::Progress,
        Self::Readiness,
        Self::Development,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Skills => "Skills",
            Self::Tools => "Tools",
            Self::Evaluations => "Evaluations",
            Self::Progress => "Progress",
            Self::Readiness => "Next tier",
            Self::Development => "Development",
        }
    }

    const fn rest(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Skills => "/skills",
            Self::Tools => "/tools",
            Self::Evaluations => "/evaluations",
            Self::Progress => "/progress",
            Self::Readiness => "/readiness",
            Self::Development => "/development",
        }
    }

    /// The permission without which nobody opens it.
    const fn permission(self) -> &'static str {
        match self {
            Self::Overview => EMPLOYEE.verbs.read.permission,
            Self::Evaluations => EVALUATION.verbs.read.permission,
            Self::Development => GOAL.verbs.read.permission,
            Self::Skills | Self::Tools | Self::Progress | Self::Readiness => READ_STANDING,
        }
    }

    /// Whether it is for the person and who leads them only.
    const fn is_of_own_people(self) -> bool {
        matches!(self, Self::Evaluations | Self::Progress | Self::Readiness | Self::Development)
    }

    fn is_open(self, caller: &Caller, record: &Record) -> bool {
        let is_held = caller.authority.scope(&Permission::new(self.permission())).is_some();
        is_held && (!self.is_of_own_people() || sees_details(record))
    }

    const fn access(self) -> Access {
        Access::Permission(Permission::new(self.permission()), Scope::Own)
    }
}

/// Whether this record was read with its details: it is the reader's own, or of somebody whom they lead.
fn sees_details(record: &Record) -> bool {
    record.cell("hire_date").is_some_and(|cell| cell.is_shown)
}

/// The entry of the rail under which one's own pages stand, and where it leads.
const OWN_PLACE: (&str, &str) = ("My page", "/me");

/// Whether the record is the caller's own.
fn is_own(caller: &Caller, record: &Record) -> bool {
    caller.person.is_some() && record.subject() == caller.person.map(RecordId::from)
}

/// The tabs of an employee's pages, as far as this caller may open them.
pub(crate) fn tabs(caller: &Caller, record: &Record, current: Tab) -> Tabs {
    let open = Tab::ALL.into_iter().filter(|tab| tab.is_open(caller, record));
    let path = |tab: Tab| format!("/employees/{}{}", record.id, tab.rest());
    open.fold(Tabs::new(), |tabs, tab| tabs.tab(tab.label(), path(tab), tab == current))
}

/// Opens one of an employee's pages: the record with its one trace in the trail, and the page's frame.
///
/// # Errors
/// `NotFound` where the visitor does not see the employee, `Denied` where this page of them is not theirs to see.
pub(crate) async fn open<'a>(
    records: &Records,
    visitor: &'a Visitor,
    id: RecordId,
    tab: Tab,
) -> Result<(Record, Page<'a>), Failure> {
    let record = records.get(&visitor.caller, &EMPLOYEE, id).await?;
    if !tab.is_open(&visitor.caller, &record) {
        return Err(Error::denied().into());
    }
    let record = records.view(&visitor.caller, &EMPLOYEE, id).await?;
    let mut page = Page::new(visitor, record.title())
        .crumbs(Breadcrumbs::new().link(EMPLOYEE.plural, "/employees"))
        .tabs(tabs(&visitor.caller, &record, tab))
        .width(Width::Wide);
    if is_own(&visitor.caller, &record) {
        let (label, path) = OWN_PLACE;
        page = page.crumbs(Breadcrumbs::new().link(label, path)).under(path);
    }
    if record.archived_at.is_some() {
        page = page.action(Badge::warn("Out of use"));
    }
    Ok((record, page))
}

/// What the addresses of the tabs may ask for.
const SPEC: ListSpec =
    ListSpec { sorts: &["name"], default_sort: ("name", Order::Ascending), filters: &["category"], per_page: 20 };

impl Profile {
    pub(super) fn new(records: &Records, standings: &Standings) -> Self {
        let dashboards = Dashboards::new(records.clone(), standings.clone());
        Self { records: records.clone(), standings: standings.clone(), dashboards }
    }

    /// The routes.
    pub(super) fn routes(self) -> Routes {
        Routes::new(self)
            .get("/me", Access::SignedIn, me)
            .get("/employees/{id}/skills", Tab::Skills.access(), skills::show)
            .get("/employees/{id}/tools", Tab::Tools.access(), tools::show)
            .get("/employees/{id}/evaluations", Tab::Evaluations.access(), evaluations::show)
            .get("/employees/{id}/progress", Tab::Progress.access(), progress::show)
            .get("/employees/{id}/development", Tab::Development.access(), development::show)
            .get("/api/v1/employees/{id}/skills", Tab::Skills.access(), api::skills)
            .get("/api/v1/employees/{id}/tools", Tab::Tools.access(), api::tools)
            .finish()
    }

    /// The employee that the caller is.
    async fn own(&self, caller: &Caller) -> Result<Option<RecordId>, Error> {
        let (Some(person), Some(link)) = (caller.person, EMPLOYEE.position("person_id")) else { return Ok(None) };
        let request = ListRequest { filters: vec![(link, person.into())], limit: 1, ..ListRequest::default() };
        Ok(self.records.list(caller, &EMPLOYEE, &request).await?.records.first().map(|record| record.id))
    }
}

/// The calls that the routes answer.
pub(super) fn calls() -> Calls {
    api::calls()
}

/// The entry in the site's rail.
pub(super) fn nav_item() -> NavItem {
    NavItem {
        section: "",
        label: OWN_PLACE.0,
        path: OWN_PLACE.1,
        icon: Icon::Person,
        permission: Some((Permission::new(READ_STANDING), Scope::Own)),
        phone_rank: Some(1),
    }
}

async fn me(State(profile): State<Profile>, visitor: Visitor) -> Outcome {
    match profile.own(&visitor.caller).await? {
        Some(id) => Ok(see_other(format!("/employees/{id}"))),
        None => {
            let text =
                "Your user belongs to nobody who is entered as an employee here, so there are no ratings of yours.";
            let empty = EmptyState::new("You are no employee here", text).action("To the overview", "/");
            Page::new(&visitor, "My page").body_html(&palisade_web::Html::from_component(&empty))
        }
    }
}
