//! Choosing a report: what there is, and what each can be asked.

use askama::Template;
use palisade_base::{Error, RecordId};
use palisade_web::{
    FormView, Html, Outcome, Page, Visitor,
    component::{ButtonLink, Choice, EmptyState, Field},
};

use super::{LIST, Question, status_of};
use crate::{
    reports::{Asked, Choices, Group, Kind, PICKED},
    routes::figures::counted,
};

#[derive(Template)]
#[template(path = "reports/list.html")]
struct ListBody {
    reports: Vec<Entry>,
}

struct Entry {
    title: &'static str,
    about: &'static str,
    open: ButtonLink,
}

/// What there is, as far as the visitor may open it.
pub(super) async fn list(visitor: Visitor) -> Outcome {
    let admitted = Kind::ALL.into_iter().filter(|kind| kind.access().admits(&visitor));
    let entry = |kind: Kind| Entry {
        title: kind.title(),
        about: kind.about(),
        open: ButtonLink::second(format!("Open {}", kind.title().to_lowercase()), kind.path()),
    };
    let body = ListBody { reports: admitted.map(entry).collect() };
    Page::new(&visitor, "Reports")
        .lead("On the page, on paper, and as files for a spreadsheet. All show the same figures as the overview.")
        .body(&body)
}

/// The form of a report: whom and what it is about, and the days.
#[derive(Template)]
#[template(
    source = r#"<form class="filters" method="get" action="{{ path }}" aria-label="What the report is about">
{%- for field in fields %}{{ field }}{% endfor %}
{%- for employee in picked %}<input type="hidden" name="employees" value="{{ employee }}">{% endfor %}<div class="buttons"><button class="second">Show</button></div></form>"#,
    ext = "html"
)]
pub(super) struct ChoiceForm {
    path: &'static str,
    fields: Vec<Field>,
    /// Who was picked; the form keeps them until another group is chosen.
    picked: Vec<RecordId>,
}

impl askama::filters::HtmlSafe for ChoiceForm {}

impl ChoiceForm {
    /// The form with what was asked, or with what was typed where that can't be answered.
    pub(super) fn new(question: &Question, view: &FormView) -> Self {
        let asked = question.asked.as_ref().ok();
        let fields = fields(question.kind, &question.choices, asked).into_iter().map(|field| view.fill(field));
        let picked = asked.map(|asked| asked.picked().to_vec()).unwrap_or_default();
        Self { path: question.kind.path(), fields: fields.collect(), picked }
    }
}

fn fields(kind: Kind, choices: &Choices, asked: Option<&Asked>) -> Vec<Field> {
    let mut fields = Vec::new();
    for name in kind.parameters() {
        fields.push(match *name {
            "employee" => employee(choices, asked),
            "team" => team(choices, asked),
            // These have a page of their own.
            PICKED => continue,
            "tier" => select("tier", "Tier", ("All tiers", &choices.tiers), asked.and_then(|asked| asked.tier)),
            _ => {
                let chosen = asked.and_then(|asked| asked.category);
                select("category", "Category", ("All categories", &choices.categories), chosen)
            }
        });
    }
    let period = asked.map(|asked| asked.period);
    let day = |name, label, day: Option<jiff::civil::Date>| {
        let field = Field::date(name, label);
        day.map_or(field.clone(), |day| field.value(day.to_string()))
    };
    fields.push(day("from", "From", period.map(|period| period.from)));
    fields.push(day("to", "To", period.map(|period| period.to)));
    fields
}

fn select(
    name: &'static str,
    label: &'static str,
    (all, choices): (&str, &[(RecordId, String)]),
    chosen: Option<RecordId>,
) -> Field {
    let first = std::iter::once(Choice::new("", all));
    let rest = choices.iter().map(|(id, words)| Choice::new(id.to_string(), words.as_str()));
    Field::select(name, label, first.chain(rest)).value(chosen.map(|id| id.to_string()).unwrap_or_default())
}

fn employee(choices: &Choices, asked: Option<&Asked>) -> Field {
    select("employee", "Employee", ("Choose", &choices.employees), asked.and_then(|asked| asked.employee))
}

fn team(choices: &Choices, asked: Option<&Asked>) -> Field {
    let fixed = [Choice::new("own", "My people"), Choice::new("all", "Everybody")];
    let picked = asked.map_or(0, |asked| asked.picked().len());
    let picked = (picked > 0).then(|| Choice::new("picked", format!("{} picked", counted(picked, "person", "people"))));
    let teams = choices.teams.iter().map(|(id, name)| Choice::new(id.to_string(), name.as_str()));
    let chosen = match asked.map(|asked| &asked.group) {
        Some(Group::Everybody) => "all".to_owned(),
        Some(Group::Team(team)) => team.to_string(),
        Some(Group::Picked(_)) => "picked".to_owned(),
        Some(Group::Own) | None => "own".to_owned(),
    };
    Field::select("team", "People", fixed.into_iter().chain(picked).chain(teams)).value(chosen)
}

#[derive(Template)]
#[template(source = r"{{ form }}{% if let Some(empty) = empty %}{{ empty }}{% endif %}", ext = "html")]
struct FormBody {
    form: Html,
    empty: Option<EmptyState>,
}

/// A report about one person, before one is chosen.
pub(super) fn whose(question: &Question, visitor: &Visitor) -> Outcome {
    let empty = if question.choices.employees.is_empty() {
        EmptyState::new(
            "Nobody to report on",
            "No employee's evaluations are yours to see. If you work here and this is wrong, ask who keeps the list of \
             employees to add your record.",
        )
    } else {
        EmptyState::new("Nobody is chosen yet", "Choose whose report you want to see, and the days that it is about.")
    };
    let form = Html::from_component(&ChoiceForm::new(question, &FormView::new()));
    question.page(visitor).body(&FormBody { form, empty: Some(empty) })
}

/// The form again, with what is wrong beside each field.
pub(super) fn mend(question: &Question, visitor: &Visitor, error: Error) -> Outcome {
    let Some(status) = status_of(error.kind()) else { return Err(error.into()) };
    let given = question.pairs.iter();
    let kept = given.fold(FormView::new(), |view, (name, value)| view.value(name.as_str(), value.as_str()));
    let view = kept.failed(&error);
    let form = Html::from_component(&ChoiceForm::new(question, &view));
    question.page(visitor).errors(view.summary()).status(status).body(&FormBody { form, empty: None })
}

impl Question {
    /// The page of the report, with nothing on it yet.
    pub(super) fn page<'a>(&self, visitor: &'a Visitor) -> Page<'a> {
        Page::new(visitor, self.kind.title()).crumbs(crumbs()).lead(self.kind.about())
    }
}

/// The way to a report.
pub(super) fn crumbs() -> palisade_web::component::Breadcrumbs {
    palisade_web::component::Breadcrumbs::new().link("Reports", LIST)
}
