//! API keys: what signs programs in.

use axum::extract::State;
use palisade_base::{ApiKeyId, Error, FieldError, Permission, PlainToken, Scope};
use palisade_identity::{
    model::{ApiKey, NewApiKey},
    permissions::CONSOLE,
};
use palisade_web::{
    Failure, Fields, FormView, Html, Icon, Notice, Outcome, Page, ProtectedForm, Visitor, Width,
    component::{
        ActionForm, Badge, Breadcrumbs, ButtonLink, Callout, Cell, Choice, EmptyState, Field, Head, Row, SecretOnce,
        Table, Tone,
    },
    see_other_with,
};
use serde::Deserialize;

use super::{page, permit};
use crate::{
    ConsoleState,
    parts::{FormBody, Sections, paragraph, view_of},
    step_up, words,
};

#[derive(Deserialize)]
pub(super) struct RevokeForm {
    key: ApiKeyId,
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    let keys = state.identity.own_keys(&permit(&visitor)?).await?;
    let heads = ["Name", "May", "Made", "Last used", "State"].map(Head::new);
    let empty =
        EmptyState::new("No API keys", "A key lets a program of yours use the API, with a part of what you may do.");
    let table = Table::new("API keys", heads.into_iter().chain([Head::new("Revoke").hidden()]))
        .rows(keys.iter().map(|key| row(&visitor, key)))
        .empty(empty.action("Make a key", "/account/keys/new"));
    page(&visitor, "API keys", "/account/keys")
        .action(ButtonLink::first("Make a key", "/account/keys/new").icon(Icon::Plus))
        .body_html(&Html::from_component(&table))
}

fn row(visitor: &Visitor, key: &ApiKey) -> Row {
    let used = key.last_used_at.map_or_else(Cell::none, |at| Cell::when(&words::when(visitor, at)));
    let scopes: Vec<_> =
        key.permissions.iter().map(|(permission, scope)| format!("{permission} ({})", scope.as_str())).collect();
    let usable = key.revoked_at.is_none() && key.expires_at > visitor.now;
    let revoke =
        ActionForm::new("/account/keys/revoke", &visitor.csrf, "Revoke").of(&key.name).with("key", key.id.to_string());
    Row::new([
        Cell::text(&key.name),
        Cell::text(scopes.join(", ")),
        Cell::when(&words::when(visitor, key.created_at)),
        used,
        Cell::html(key_state(visitor, key)),
        Cell::html(if usable { Html::from_component(&revoke.small()) } else { Html::empty() }),
    ])
}

/// Whether a key works, and until when.
pub(crate) fn key_state(visitor: &Visitor, key: &ApiKey) -> Html {
    let (badge, at) = match key.revoked_at {
        Some(at) => (Badge::stop("Revoked"), at),
        None if key.expires_at <= visitor.now => (Badge::stop("Ran out"), key.expires_at),
        None => (Badge::ok("Valid until"), key.expires_at),
    };
    Html::concat([Html::from_component(&badge), Html::text(" "), Html::from_component(&words::when(visitor, at))])
}

pub(super) async fn new(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    form(&state, &visitor, &FormView::new()).await
}

/// What the visitor may do themselves: the most that a key of theirs can be given. The console has no API, so its
/// permissions would mean nothing on a key.
fn offered(state: &ConsoleState, visitor: &Visitor) -> Vec<Choice> {
    let declared = state
        .config
        .sites
        .iter()
        .filter(|site| site.name != CONSOLE)
        .flat_map(|site| state.identity.permissions_of(&site.name));
    let held = declared.filter_map(|info| {
        let scope = visitor.caller.authority.scope(&info.permission)?;
        let value = format!("{}:{}", info.permission, scope.as_str());
        Some(Choice::new(value, info.label).hint(reach(info.description, scope)))
    });
    held.collect()
}

/// What a permission allows, and whom it is about.
fn reach(description: &str, scope: Scope) -> String {
    let whom = match scope {
        Scope::Own => "About yourself.",
        Scope::Team => "About you and your team.",
        Scope::All => "About everybody.",
    };
    format!("{description} {whom}").trim().to_owned()
}

async fn form(state: &ConsoleState, visitor: &Visitor, view: &FormView) -> Outcome {
    permit(visitor)?;
    let fields = [
        Field::text("name", "Name").hint("What it is for, such as “payroll export”.").max_length(80).required(),
        Field::number("valid_days", "Valid for").suffix("days").hint("1 to 365.").value("90").required(),
        Field::checkboxes("permissions", "What it may be used for", offered(state, visitor)),
        step_up::field(state, visitor).await?,
    ];
    let form = FormBody::new("/account/keys/new", &visitor.csrf, "Make the key")
        .before(paragraph("A key never allows more than you may do yourself, and stops with your account.")?)
        .fields(fields.into_iter().map(|field| view.fill(field)))
        .back("Cancel", "/account/keys");
    Page::new(visitor, "Make an API key")
        .crumbs(Breadcrumbs::new().link("API keys", "/account/keys"))
        .errors(view.summary())
        .body(&form)
}

pub(super) async fn create(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    fields.expect_only(&["name", "valid_days", step_up::FIELD], &["permissions"])?;
    match make(&state, &visitor, &fields).await {
        Ok((key, token)) => shown_once(&visitor, &key, &token),
        Err(error) => form(&state, &visitor, &view_of(FormView::kept(&fields), error)?).await,
    }
}

async fn make(state: &ConsoleState, visitor: &Visitor, fields: &Fields) -> Result<(ApiKey, PlainToken), Error> {
    let new = read(fields)?;
    step_up::check(state, visitor, &step_up::proof(fields)).await?;
    let permit = palisade_identity::policy::permit_own_account(&visitor.caller, step_up::session(visitor)?)?;
    state.identity.create_key(&visitor.caller, &permit, new).await
}

fn read(fields: &Fields) -> Result<NewApiKey, Error> {
    let mut wrong = Vec::new();
    let mut error = |field: &'static str, message: &str| {
        wrong.push(FieldError { field: field.into(), message: message.to_owned() })
    };
    let name = fields.text("name").unwrap_or_default().to_owned();
    if name.is_empty() {
        error("name", "Give the key a name.");
    }
    let valid_days = fields.text("valid_days").unwrap_or_default().parse::<i64>().ok();
    if valid_days.is_none() {
        error("valid_days", "Give a number of days, in digits.");
    }
    let permissions: Option<Vec<_>> = fields.all("permissions").iter().map(|text| read_permission(text)).collect();
    if permissions.as_ref().is_none_or(Vec::is_empty) {
        error("permissions", "Choose at least one thing that the key may be used for.");
    }
    match (valid_days, permissions, wrong.is_empty()) {
        (Some(valid_days), Some(permissions), true) => Ok(NewApiKey { name, permissions, valid_days }),
        _ => Err(Error::invalid(wrong)),
    }
}

fn read_permission(text: &str) -> Option<(Permission, Scope)> {
    let (name, scope) = text.split_once(':')?;
    Some((Permission::from_name(name.to_owned()), Scope::parse(scope)?))
}

fn shown_once(visitor: &Visitor, key: &ApiKey, token: &PlainToken) -> Result<axum::response::Response, Failure> {
    let sections = Sections::new()
        .part(&Callout::new(Tone::Warn, "Copy it now: it is not shown again. Who has it can do all that it allows."))
        .part(&SecretOnce::new("key", format!("The key “{}”", key.name), token.reveal()))
        .part(&paragraph("Programs send it in the X-API-Key header, or as Authorization: Bearer.")?)
        .part(&ButtonLink::second("I have kept it", "/account/keys"));
    Page::new(visitor, "Your new API key")
        .crumbs(Breadcrumbs::new().link("API keys", "/account/keys"))
        .width(Width::Reading)
        .body(&sections)
}

pub(super) async fn revoke(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<RevokeForm>,
) -> Outcome {
    state.identity.revoke_key(&visitor.caller, &permit(&visitor)?, form.key).await?;
    Ok(see_other_with(
        "/account/keys",
        &Notice::ok("The key is revoked. Programs that use it are refused from now on."),
    ))
}
