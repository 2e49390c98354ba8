//! Every component with samples, to be looked at: `cargo run -p palisade-web --example gallery`, then open the address
//! that it prints. Plain HTTP on the loopback interface, and nobody is asked who they are.

#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::Request, middleware::Next, response::Response};
use jiff::tz::TimeZone;
use palisade_base::{
    Actor, Authority, Caller, Env, Error, FieldError, Instant, Kind, Origin, RequestId, Rng, SessionId, Span,
    SystemClock, UserId,
    auth::{ClientClass, Identified, SessionFacts, SessionState},
};
use palisade_web::{
    Access, CsrfKey, CsrfToken, FormView, Html, Icon, ListQueryParts, ListSpec, NavItem, Navigation, Notice, Order,
    Outcome, Page, RenderState, Routes, Search, SiteFrame, Visitor, Width, assets,
    component::{
        ActionForm, Badge, Breadcrumbs, ButtonLink, Callout, Cell, Choice, Confirm, Disclosure, EmptyState, Facts,
        Field, FilterForm, Head, Paging, Row, SecretOnce, Stat, Stats, Table, Tabs, Tone, When,
    },
    render_failures, see_other_with,
};

struct NoSecret;

impl Rng for NoSecret {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(1);
    }
}

#[derive(Template)]
#[template(source = r#"{% for part in parts %}<section>{{ part }}</section>{% endfor %}"#, ext = "html")]
struct Parts {
    parts: Vec<Html>,
}

#[derive(Template)]
#[template(
    source = r#"<form class="form" method="post" action="/form" novalidate>{{ csrf }}{% for field in fields %}{{ field }}{% endfor %}
<div class="buttons"><button class="first">{{ verb }}</button><a href="/">Cancel</a></div></form>"#,
    ext = "html"
)]
struct Form {
    csrf: CsrfToken,
    fields: Vec<Field>,
    verb: &'static str,
}

const SPEC: ListSpec = ListSpec {
    sorts: &["name", "skills", "seen"],
    default_sort: ("name", Order::Ascending),
    filters: &["q", "team", "state"],
    per_page: 12,
};

const PEOPLE: [(&str, &str, &str, u32, &str); 12] = [
    ("Abel Nakamura", "North crew", "Lead Craftsman", 171, "active"),
    ("Bridget O’Neill", "North crew", "Master Craftsman", 143, "active"),
    ("Carlos Mendoza-Villanueva", "South crew", "Craftsman", 96, "active"),
    ("Dana Whitfield", "South crew", "Craftsman", 101, "invited"),
    ("Emeka Adeyemi", "Finish", "Handyman", 58, "active"),
    ("Fern Abernathy", "Finish", "Handyman", 61, "locked"),
    ("Gus Petrov", "Finish", "Apprentice", 12, "active"),
    ("Hana Lindqvist", "Roofing", "Craftsman", 88, "active"),
    ("Ilse Brandt", "Roofing", "Handyman", 40, "left"),
    ("Jonas Kim", "North crew", "Apprentice", 9, "active"),
    ("Kemi Oyelaran", "Roofing", "Master Craftsman", 139, "active"),
    ("Lena Ortiz", "South crew", "Lead Craftsman", 166, "active"),
];

fn state_badge(state: &str) -> Badge {
    match state {
        "active" => Badge::ok("Active"),
        "invited" => Badge::note("Invited"),
        "locked" => Badge::warn("Locked"),
        _ => Badge::stop("Left"),
    }
}

async fn list(visitor: Visitor, query: ListQueryParts) -> Outcome {
    let query = query.read(&SPEC)?;
    let zone = &visitor.navigation.zone;
    let heads = [
        Head::new("Name").sorts(&query, "name"),
        Head::new("Team"),
        Head::new("Tier"),
        Head::new("Skills rated").number().sorts(&query, "skills"),
        Head::new("Last seen").sorts(&query, "seen"),
        Head::new("State"),
        Head::new("Act").hidden(),
    ];
    let rows = PEOPLE.iter().zip(0..).map(|((name, team, tier, skills, state), n)| {
        let seen = When::new(visitor.now - Span::minutes(7 * n * n * n), visitor.now, zone);
        let act = ActionForm::new("/form", &visitor.csrf, "Remind").of(*name).small();
        Row::link(
            format!("/record#{n}"),
            [
                Cell::text(name),
                Cell::text(team),
                Cell::text(tier),
                Cell::number(skills),
                Cell::when(&seen),
                Cell::badge(&state_badge(state)),
                Cell::html(Html::from_component(&act)),
            ],
        )
    });
    let teams = ["", "North crew", "South crew", "Finish", "Roofing"];
    let filters = FilterForm::new(
        &query,
        [
            Field::search("q", "Name or number"),
            Field::select(
                "team",
                "Team",
                teams.map(|team| Choice::new(team, if team.is_empty() { "All" } else { team })),
            ),
            Field::select(
                "state",
                "State",
                ["", "active", "left"].map(|s| Choice::new(s, if s.is_empty() { "Any" } else { s })),
            ),
        ],
    );
    let stats = Stats::new(
        [("41", "people"), ("6", "teams"), ("4,112", "ratings this quarter"), ("3", "wait for review")].map(
            |(figure, label)| Stat { figure: figure.to_owned(), label: label.to_owned(), path: Some("/".to_owned()) },
        ),
    );
    let parts = vec![
        Html::from_component(&stats),
        Html::from_component(&filters),
        Html::concat([
            Html::from_component(&Table::new("Employees", heads).rows(rows)),
            Html::from_component(&Paging::new(&query, PEOPLE.len(), 41, "employees")),
        ]),
    ];
    Page::new(&visitor, "Employees")
        .lead("41 people in 6 teams; one is locked out, one has left this month.")
        .crumbs(Breadcrumbs::new().link("Company", "/"))
        .action(ButtonLink::second("Export", "/").icon(Icon::Export))
        .action(ButtonLink::first("Add an employee", "/form").icon(Icon::Plus))
        .body(&Parts { parts })
}

fn all_fields() -> Vec<Field> {
    let tiers = ["Apprentice", "Handyman", "Craftsman", "Master Craftsman"].map(|tier| Choice::new(tier, tier));
    let scopes = [
        Choice::new("own", "Own").hint("Only what is about the person themselves."),
        Choice::new("team", "Team").hint("Also what is about people whom they lead."),
        Choice::new("all", "All"),
    ];
    vec![
        Field::text("name", "First and last name").required().value("Lena Ortiz"),
        Field::email("mail", "E-mail address").hint("Sign-in links go here.").required(),
        Field::phone("phone", "Telephone").optional(),
        Field::date("hired", "Hired on").value("2024-03-18"),
        Field::number("idle", "Idle time").value("30").suffix("minutes"),
        Field::select("tier", "Tier", tiers).value("Craftsman"),
        Field::radios("scope", "How far it reaches", scopes.clone()).value("team"),
        Field::checkboxes("days", "Sections", scopes).values(["own".to_owned()]),
        Field::checkbox("active", "May sign in").ticked(true),
        Field::area("notes", "Notes", 3).optional(),
        Field::password("password", "Password").hint("At least 12 characters."),
        Field::code("code", "Code from the app"),
        Field::file("sheet", "Score card", ".xlsx").hint("The company’s sheet as .xlsx, at most 16 MiB."),
    ]
}

async fn form(visitor: Visitor) -> Outcome {
    let field = |field: &'static str, message: &str| FieldError { field: field.into(), message: message.to_owned() };
    let error = Error::invalid(vec![
        field("mail", "Give an address with an @, such as lena@example.com."),
        field("idle", "Use a number of minutes from 1 to 1440."),
        field("scope", "Choose one of the offered answers."),
    ]);
    let view = FormView::new().value("mail", "lena.example.com").failed(&error);
    let fields = all_fields().into_iter().map(|field| view.fill(field)).collect();
    Page::new(&visitor, "Change Lena Ortiz")
        .crumbs(Breadcrumbs::new().link("Employees", "/").link("Lena Ortiz", "/record"))
        .errors(view.summary())
        .width(Width::Reading)
        .body(&Form { csrf: visitor.csrf.clone(), fields, verb: "Save" })
}

async fn record(visitor: Visitor) -> Outcome {
    let zone = &visitor.navigation.zone;
    let facts = Facts::new()
        .text("Name", "Lena Ortiz")
        .text("Telephone", "")
        .component("State", &state_badge("active"))
        .component("Last seen", &When::new(visitor.now - Span::hours(30), visitor.now, zone))
        .text("Notes", "Leads the south crew since March; trains two apprentices in tile and drywall.");
    let callouts = [
        (Tone::Ok, "The trail is whole: 48,211 leaves, sealed a second ago."),
        (Tone::Note, "Two people have not enrolled a second factor yet."),
        (Tone::Warn, "This grant waits until a second factor is enrolled."),
        (Tone::Stop, "Five wrong codes: this sign-in has ended. Start again with the password."),
    ];
    let notes = Html::concat(callouts.map(|(tone, text)| Html::from_component(&Callout::new(tone, text))));
    let empty = EmptyState::new("No teams yet", "Teams hold people who work under one manager. Add the first one.");
    let parts = vec![
        Html::from_component(&facts),
        notes,
        Html::from_component(&empty.action("Add a team", "/form")),
        Html::from_component(&SecretOnce::new(
            "key",
            "API key, shown this once",
            "plk_8hQ2vR0m1bYk3tZ6uJ9wXcN4dF7gA5sE2pL8oI1rT",
        )),
        Html::from_component(
            &Disclosure::new("What a grant is", Html::text("A person, a site and a role.")).open(true),
        ),
        Html::from_component(
            &Confirm::new("/form", &visitor.csrf, "End all sessions", "/record")
                .effect("Lena Ortiz is signed out on 3 devices at once.")
                .effect("What was typed and not saved there is lost.")
                .field(Field::code("code", "Your own code, to confirm")),
        ),
    ];
    Page::new(&visitor, "Lena Ortiz")
        .crumbs(Breadcrumbs::new().link("Employees", "/"))
        .lead("Lead Craftsman, South crew.")
        .tabs(
            Tabs::new().tab("Facts", "/record", true).tab("Skills", "/record", false).tab("History", "/record", false),
        )
        .action(ButtonLink::second("Change", "/form").icon(Icon::Edit))
        .action(ActionForm::new("/form", &visitor.csrf, "Archive").danger().icon(Icon::Archive))
        .width(Width::Reading)
        .body(&Parts { parts })
}

async fn icons(visitor: Visitor) -> Outcome {
    let cells =
        Icon::ALL.iter().map(|icon| Row::new([Cell::html(Html::from_component(icon)), Cell::text(icon.name())]));
    let table = Table::new("Icons", [Head::new("Icon"), Head::new("Name")]).rows(cells);
    Page::new(&visitor, "Icons").body_html(&Html::from_component(&table))
}

async fn sign_in(visitor: Visitor) -> Outcome {
    let fields = vec![
        Field::text("user", "User name or e-mail address").autocomplete("username"),
        Field::password("password", "Password").autocomplete("current-password"),
    ];
    Page::new(&visitor, "Sign in").width(Width::Card).body(&Form {
        csrf: visitor.csrf.clone(),
        fields,
        verb: "Sign in",
    })
}

async fn broken() -> Outcome {
    Err(Error::new(Kind::Internal, "This did not work, and it is our fault. Nothing was changed.").into())
}

fn navigation() -> Navigation {
    let item =
        |section, label, path, icon, phone_rank| NavItem { section, label, path, icon, permission: None, phone_rank };
    let mut navigation = Navigation::new("Ridgeline Handyman Co.", TimeZone::UTC).with([
        item("", "Home", "/home", Icon::Home, Some(1)),
        item("", "Employees", "/", Icon::People, Some(2)),
        item("", "Teams", "/teams", Icon::Team, Some(3)),
        item("", "Tiers", "/tiers", Icon::Tier, None),
        item("Catalogue", "Skills", "/record", Icon::Skill, Some(4)),
        item("Catalogue", "Skill categories", "/form", Icon::Category, None),
        item("Catalogue", "Tools", "/icons", Icon::Tool, None),
        item("Catalogue", "Score card", "/sheet", Icon::Sheet, None),
        item("Admin", "Users", "/users", Icon::Person, None),
        item("Admin", "Roles and Permissions", "/roles", Icon::Shield, None),
        item("Admin", "Password Policy", "/policy", Icon::Lock, None),
        item("Admin", "Multi-Factor Authentication", "/mfa", Icon::Device, None),
        item("Admin", "Session Settings", "/sessions", Icon::Clock, None),
        item("Admin", "Trail", "/trail", Icon::Trail, None),
    ]);
    navigation.search = Some(Search { path: "/", label: "Find people", permission: None });
    navigation.help = Some("/help");
    navigation
}

fn identified(path: &str) -> Identified {
    let origin = Origin { request: Some(RequestId(uuid::Uuid::from_u128(0x0192_7000))), ..Origin::default() };
    if path == "/sign-in" {
        return Identified { caller: Caller::anonymous(origin), session: None, renewed: None };
    }
    let user = UserId(uuid::Uuid::nil());
    let caller = Caller { actor: Actor::User(user), person: None, authority: Arc::new(Authority::none()), origin };
    let session = SessionFacts {
        id: SessionId(uuid::Uuid::nil()),
        user,
        state: SessionState::Full,
        class: ClientClass::Browser,
        display_name: "Lena Ortiz".to_owned(),
    };
    Identified { caller, session: Some(session), renewed: None }
}

async fn identify(frame: SiteFrame, request: Request, next: Next) -> Response {
    let env = Env::new(Arc::new(SystemClock), Arc::new(NoSecret));
    let (mut parts, body) = request.into_parts();
    let (mut visitor, _) = frame.visitor(&parts, identified(parts.uri.path()), &env);
    if visitor.path == "/" {
        visitor.now = Instant::parse("2026-11-21T16:20:00Z").unwrap_or(visitor.now);
        visitor.notice = Some(Notice::ok("Lena Ortiz was added to the South crew."));
    }
    parts.extensions.insert(visitor);
    next.run(Request::from_parts(parts, body)).await
}

fn router() -> Router {
    let frame = SiteFrame { csrf: CsrfKey::new(&[0; 32]), navigation: Arc::new(navigation()) };
    let done = async || see_other_with("/", &Notice::ok("Done."));
    let state = RenderState::new("Ridgeline Handyman Co.");
    Routes::new(())
        .get("/", Access::Public, list)
        .get("/form", Access::Public, form)
        .post("/form", Access::Public, done)
        .get("/record", Access::Public, record)
        .get("/icons", Access::Public, icons)
        .get("/sign-in", Access::Public, sign_in)
        .get("/broken", Access::Public, broken)
        .merge(assets::routes())
        .into_router()
        .layer(axum::middleware::from_fn(move |request, next| identify(frame.clone(), request, next)))
        .layer(axum::middleware::from_fn_with_state(state, render_failures))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8088".to_owned());
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("http://{}/ · /form · /record · /icons · /sign-in · /broken · /none", listener.local_addr()?);
    axum::serve(listener, router()).await
}
