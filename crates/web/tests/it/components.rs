//! Every component, given text that tries to become markup.

use askama::Template as _;
use jiff::tz::TimeZone;
use palisade_base::{FieldError, Instant};
use palisade_web::{
    FormView, Html, Icon,
    component::{
        ActionForm, Badge, Breadcrumbs, ButtonLink, Callout, Cell, Choice, Confirm, Disclosure, EmptyState,
        ErrorSummary, Facts, Field, Head, Row, SecretOnce, Stat, Stats, Table, Tabs, Tone, When,
    },
};

use crate::harness::{key, session_id};

const HOSTILE: &str = r#""><script>alert('x')</script>&"#;

fn hostile_field(field: Field) -> String {
    let errors = palisade_base::Error::field(field.name().to_owned(), HOSTILE);
    FormView::new().failed(&errors).fill(field.hint(HOSTILE).value(HOSTILE).suffix(HOSTILE).min(HOSTILE)).to_string()
}

fn fields() -> Vec<String> {
    let choices = || [Choice::new(HOSTILE, HOSTILE).hint(HOSTILE)];
    [
        Field::text("a", HOSTILE),
        Field::text(HOSTILE, "name"),
        Field::password("a", HOSTILE),
        Field::area("a", HOSTILE, 3),
        Field::select("a", HOSTILE, choices()),
        Field::radios("a", HOSTILE, choices()),
        Field::checkboxes("a", HOSTILE, choices()),
        Field::checkbox("a", HOSTILE),
        Field::file("a", HOSTILE, ".csv"),
    ]
    .into_iter()
    .map(hostile_field)
    .collect()
}

fn others() -> Vec<String> {
    let csrf = key().for_session(session_id(1));
    let hostile = || HOSTILE.to_owned();
    let errors = [FieldError { field: HOSTILE.into(), message: hostile() }];
    vec![
        Badge::warn(HOSTILE).to_string(),
        Badge::plain(HOSTILE).to_string(),
        Breadcrumbs::new().link(HOSTILE, HOSTILE).to_string(),
        Tabs::new().tab(HOSTILE, HOSTILE, true).to_string(),
        ErrorSummary::new(HOSTILE, &errors).to_string(),
        ButtonLink::first(HOSTILE, HOSTILE).to_string(),
        ActionForm::new(HOSTILE, &csrf, HOSTILE).of(HOSTILE).with(HOSTILE, HOSTILE).to_string(),
        Confirm::new(HOSTILE, &csrf, HOSTILE, HOSTILE).effect(HOSTILE).with(HOSTILE, HOSTILE).to_string(),
        EmptyState::new(HOSTILE, HOSTILE).action(HOSTILE, HOSTILE).to_string(),
        Callout::new(Tone::Note, HOSTILE).to_string(),
        Disclosure::new(HOSTILE, Html::text(HOSTILE)).to_string(),
        Facts::new().text(HOSTILE, HOSTILE).to_string(),
        Stats::new([Stat { figure: hostile(), label: hostile(), path: Some(hostile()) }]).to_string(),
        SecretOnce::new(HOSTILE, HOSTILE, HOSTILE).to_string(),
        Table::new(HOSTILE, [Head::new(HOSTILE)]).rows([Row::link(HOSTILE, [Cell::text(HOSTILE)])]).to_string(),
    ]
}

#[test]
fn no_component_lets_text_become_markup() {
    for markup in fields().into_iter().chain(others()) {
        assert!(!markup.contains("<script") && !markup.contains("alert('x')"), "{markup}");
        assert!(markup.contains("&#60;script&#62;"), "{markup}");
    }
}

#[test]
fn a_field_names_its_hint_and_error_for_screen_readers() {
    let error = palisade_base::Error::field("age", "Give a number.");
    let view = FormView::new().value("age", "x").failed(&error);
    let markup = view.fill(Field::number("age", "Age").hint("In years.").required()).to_string();
    for part in [
        r#"<label for="f-age">Age</label>"#,
        r#"<p class="hint" id="f-age-hint">In years.</p>"#,
        r#"id="f-age-error""#,
        r#"aria-describedby="f-age-hint f-age-error" aria-invalid="true" aria-required="true""#,
        r#"value="x""#,
    ] {
        assert!(markup.contains(part), "{part} in {markup}");
    }
    assert!(view.summary().to_string().contains(r##"<a href="#f-age">Give a number.</a>"##));
}

#[test]
fn a_password_is_never_sent_back() {
    let markup = FormView::new().value("p", "hunter2").fill(Field::password("p", "Password")).to_string();
    assert!(!markup.contains("hunter2"));
    assert!(!Field::password("p", "Password").value("hunter2").to_string().contains("hunter2"));
}

#[test]
fn choices_keep_what_was_chosen() {
    let choices = [Choice::new("a", "A"), Choice::new("b", "B")];
    let select = Field::select("s", "S", choices.clone()).value("b").to_string();
    assert!(select.contains(r#"<option value="b" selected>B</option>"#) && select.contains(r#"<option value="a">A"#));
    let boxes = Field::checkboxes("s", "S", choices).values(["a".to_owned()]).to_string();
    assert_eq!(boxes.matches(" checked").count(), 1);
    assert!(Field::checkbox("c", "C").ticked(true).to_string().contains(" checked"));
    assert!(!Field::checkbox("c", "C").ticked(false).to_string().contains(" checked"));
}

#[test]
fn an_empty_table_says_why() {
    let empty = Table::new("Teams", [Head::new("Name")]).empty(EmptyState::new("No teams yet", "Add the first."));
    assert!(empty.render().unwrap().contains("No teams yet"));
    assert!(!empty.to_string().contains("<table"));
}

#[test]
fn a_row_leads_to_its_record_by_its_first_cell() {
    let rows = [Row::link("/teams/1", [Cell::text("Blue"), Cell::number(7)])];
    let markup = Table::new("Teams", [Head::new("Name"), Head::new("People").number()]).rows(rows).to_string();
    assert!(
        markup.contains(r#"<a href="/teams/1">Blue</a>"#) && markup.contains(r#"data-label="People">7</td>"#),
        "{markup}"
    );
}

#[test]
fn instants_beyond_the_calendar_do_not_break_a_page() {
    for micros in [i64::MIN, 0, i64::MAX] {
        let now = Instant::from_micros(0);
        assert!(When::new(Instant::from_micros(micros), now, &TimeZone::UTC).to_string().starts_with("<time"));
        assert!(When::new(now, Instant::from_micros(micros), &TimeZone::UTC).to_string().starts_with("<time"));
    }
}

#[test]
fn icons_do_not_speak() {
    assert!(Icon::Warn.to_string().contains(r#"aria-hidden="true""#));
}
