//! What the three pages of settings have in common: the form, the points that its values meet, and every version that
//! was ever in force.

use axum::extract::{Path, Query, State};
use palisade_base::{Error, SecretString};
use palisade_identity::{
    permissions::POLICY_UPDATE,
    policy::{permit_change_policy, permit_read_policy},
    settings::{Profile, Settings, SettingsVersion, Versioned, points::Point},
};
use palisade_web::{
    Failure, Fields, FormView, Html, Notice, Outcome, Page, ProtectedForm, Visitor, Width,
    component::{Breadcrumbs, ButtonLink, Cell, Confirm, EmptyState, Facts, Field, Head, Row, Table},
    see_other_with,
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    ConsoleState,
    names::Names,
    parts::{FormBody, Sections, paragraph, view_of},
    points, step_up, words,
};

/// A kind of settings with its page.
pub(super) trait SettingsPage: Settings {
    /// The page's heading, as the guide names it.
    const TITLE: &'static str;
    /// The page's path.
    const PATH: &'static str;

    /// The fields of its form, filled.
    fn fields(&self) -> Vec<Field>;

    /// The settings that a form holds.
    ///
    /// # Errors
    /// A field does not read as a number or an answer.
    fn read(fields: &Fields) -> Result<Self, Error>;

    /// What people call a field.
    fn label(field: &str) -> &'static str;

    /// The points that the values bear on.
    fn points(
        &self,
        state: &ConsoleState,
        visitor: &Visitor,
    ) -> impl Future<Output = Result<Vec<Point>, Failure>> + Send;

    /// What the page shows besides.
    fn more(state: &ConsoleState, visitor: &Visitor) -> impl Future<Output = Result<Sections, Failure>> + Send;
}

/// Values to look at in the form before they are put in force.
#[derive(Deserialize)]
pub(super) struct Proposal {
    profile: Option<String>,
}

pub(super) async fn show<T: SettingsPage>(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    Query(proposal): Query<Proposal>,
) -> Outcome {
    let profile = proposal.profile.as_deref().map(|name| {
        let known = Profile::ALL.into_iter().find(|profile| profile.as_str() == name);
        known.ok_or_else(|| Error::field("profile", "The profiles are guide and asvs."))
    });
    let profile = profile.transpose()?;
    page::<T>(&state, &visitor, profile, &FormView::new()).await
}

pub(super) async fn submit<T: SettingsPage>(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    match change::<T>(&state, &visitor, &fields).await {
        Ok(()) => Ok(see_other_with(T::PATH, &Notice::ok("The settings are in force."))),
        Err(error) => page::<T>(&state, &visitor, None, &view_of(FormView::kept(&fields), error)?).await,
    }
}

async fn change<T: SettingsPage>(state: &ConsoleState, visitor: &Visitor, fields: &Fields) -> Result<(), Error> {
    let value = T::read(fields)?.checked()?;
    step_up::check(state, visitor, &step_up::proof(fields)).await?;
    let version = fields.text("version").and_then(|text| text.parse().ok()).unwrap_or(-1);
    let permit = permit_change_policy(&visitor.caller)?;
    state.identity.change_settings(&visitor.caller, &permit, version, value).await
}

async fn page<T: SettingsPage>(
    state: &ConsoleState,
    visitor: &Visitor,
    profile: Option<Profile>,
    view: &FormView,
) -> Outcome {
    let present = state.identity.settings::<T>().await?;
    let points = present.value.points(state, visitor).await?;
    let may_change = visitor.caller.authority.allows(&POLICY_UPDATE, palisade_base::Scope::All);
    let form = settings_form(state, visitor, &present, profile, view, may_change).await?;
    let sections = Sections::new()
        .part(&form)
        .under("What the values meet", [Html::from_component(&points::table(&points))])
        .and(T::more(state, visitor).await?)
        .under("Earlier values", [versions::<T>(state, visitor, may_change).await?]);
    let page = Page::new(visitor, T::TITLE).lead(points::summary(&points)).errors(view.summary());
    let page = if may_change {
        Profile::ALL.into_iter().fold(page, |page, profile| {
            let path = format!("{}?profile={}", T::PATH, profile.as_str());
            page.action(ButtonLink::second(format!("Fill in {}", profile_name(profile)), path))
        })
    } else {
        page
    };
    page.body(&sections)
}

const fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::Guide => "the guide’s values",
        Profile::Asvs => "ASVS’s values",
    }
}

async fn settings_form<T: SettingsPage>(
    state: &ConsoleState,
    visitor: &Visitor,
    present: &Versioned<T>,
    profile: Option<Profile>,
    view: &FormView,
    may_change: bool,
) -> Result<Html, Failure> {
    let shown = profile.map_or_else(|| present.value.clone(), T::of);
    if !may_change {
        let note =
            paragraph("You may see these settings. Changing them takes the permission “Change security settings”.")?;
        return Ok(Html::concat([note, Html::from_component(&facts(&shown))]));
    }
    let mut form = FormBody::new(T::PATH, &visitor.csrf, "Put in force")
        .hidden("version", present.version.to_string())
        .fields(shown.fields().into_iter().map(|field| view.fill(field)))
        .field(&view.fill(step_up::field(state, visitor).await?));
    if let Some(profile) = profile {
        let words = format!("The form shows {}. They count once you put them in force.", profile_name(profile));
        form = form.before(paragraph(&words)?).back("Show the present values", T::PATH);
    }
    Html::of(&form)
}

/// The values, for who may not change them.
fn facts<T: SettingsPage>(settings: &T) -> Facts {
    flat(settings).into_iter().fold(Facts::new(), |facts, (name, value)| facts.text(T::label(&name), value))
}

async fn versions<T: SettingsPage>(state: &ConsoleState, visitor: &Visitor, may_change: bool) -> Result<Html, Failure> {
    let history = state.identity.settings_history::<T>(&permit_read_policy(&visitor.caller)?).await?;
    let actors: Vec<_> = history.iter().map(|version| version.changed_by.as_str()).collect();
    let names = Names::of(state, &actors).await?;
    let rows = history.iter().enumerate().map(|(at, version)| {
        let before = history.get(at + 1).map_or_else(|| T::of(Profile::Guide), |older| older.value.clone());
        let restore = ButtonLink::second("Put back", format!("{}/versions/{}", T::PATH, version.version)).small();
        let act = if may_change && at > 0 { Html::from_component(&restore) } else { Html::empty() };
        Row::new([
            Cell::number(version.version),
            Cell::text(said_differences::<T>(&before, &version.value)),
            Cell::text(names.say(&version.changed_by)),
            Cell::when(&words::when(visitor, version.changed_at)),
            Cell::html(act),
        ])
    });
    let heads = [
        Head::new("Version"),
        Head::new("What changed"),
        Head::new("By"),
        Head::new("When"),
        Head::new("Put back").hidden(),
    ];
    let empty = EmptyState::new("Never changed", "The values are those that Palisade comes with.");
    Ok(Html::from_component(&Table::new("Earlier values", heads).rows(rows).empty(empty)))
}

/// The fields that differ, in words.
fn said_differences<T: SettingsPage>(before: &T, after: &T) -> String {
    let (before, after) = (flat(before), flat(after));
    let changed = after.iter().filter_map(|(name, value)| {
        let old = before.iter().find(|(known, _)| known == name).map_or("–", |(_, value)| value);
        (old != value).then(|| format!("{}: {old} → {value}", T::label(name)))
    });
    let changed: Vec<_> = changed.collect();
    if changed.is_empty() { "Nothing".to_owned() } else { changed.join("; ") }
}

/// Each field with its value, nested ones with a dot.
fn flat<T: Settings>(settings: &T) -> Vec<(String, String)> {
    let mut found = Vec::new();
    flatten("", &serde_json::to_value(settings).unwrap_or(Value::Null), &mut found);
    found
}

fn flatten(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, found);
            }
        }
        Value::Bool(true) => found.push((path.to_owned(), "yes".to_owned())),
        Value::Bool(false) => found.push((path.to_owned(), "no".to_owned())),
        other => found.push((path.to_owned(), other.to_string())),
    }
}

#[derive(Deserialize)]
pub(super) struct RestoreForm {
    version: i64,
    proof: SecretString,
}

pub(super) async fn ask<T: SettingsPage>(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    Path(n): Path<String>,
) -> Outcome {
    restore_page::<T>(&state, &visitor, &n, &FormView::new()).await
}

pub(super) async fn restore<T: SettingsPage>(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    Path(n): Path<String>,
    ProtectedForm(form): ProtectedForm<RestoreForm>,
) -> Outcome {
    match put_back::<T>(&state, &visitor, &n, &form).await {
        Ok(()) => Ok(see_other_with(T::PATH, &Notice::ok("The earlier values are in force again."))),
        Err(error) => restore_page::<T>(&state, &visitor, &n, &view_of(FormView::new(), error)?).await,
    }
}

async fn put_back<T: SettingsPage>(
    state: &ConsoleState,
    visitor: &Visitor,
    n: &str,
    form: &RestoreForm,
) -> Result<(), Error> {
    let wanted: i64 = n.parse().map_err(|_| Error::not_found())?;
    step_up::check(state, visitor, &form.proof).await?;
    let permit = permit_change_policy(&visitor.caller)?;
    state.identity.restore_settings::<T>(&visitor.caller, &permit, form.version, wanted).await
}

async fn restore_page<T: SettingsPage>(state: &ConsoleState, visitor: &Visitor, n: &str, view: &FormView) -> Outcome {
    let history = state.identity.settings_history::<T>(&permit_read_policy(&visitor.caller)?).await?;
    let wanted = find(&history, n)?;
    let present = state.identity.settings::<T>().await?;
    let confirm = Confirm::new(format!("{}/versions/{n}", T::PATH), &visitor.csrf, "Put back", T::PATH)
        .effect(format!("Changes for everybody, within a second: {}.", said_differences(&present.value, &wanted.value)))
        .with("version", present.version.to_string())
        .field(view.fill(step_up::field(state, visitor).await?));
    Page::new(visitor, format!("Put back version {} of {}", wanted.version, T::TITLE))
        .crumbs(Breadcrumbs::new().link(T::TITLE, T::PATH))
        .width(Width::Reading)
        .errors(view.summary())
        .body_html(&Html::from_component(&confirm))
}

fn find<'a, T>(history: &'a [SettingsVersion<T>], n: &str) -> Result<&'a SettingsVersion<T>, Error> {
    let wanted: i64 = n.parse().map_err(|_| Error::not_found())?;
    history.iter().find(|version| version.version == wanted).ok_or_else(Error::not_found)
}
