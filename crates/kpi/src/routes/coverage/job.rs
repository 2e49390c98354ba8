//! Who can do a job: the question stands in the address, so that the answer can be shared.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State, rejection::QueryRejection};
use palisade_base::{Error, Permission, RecordId, Scope};
use palisade_web::{
    Html, Outcome, Page, Visitor, Width,
    component::{Badge, Cell, Choice, EmptyState, Field, Head, Row, Table},
};

use super::shared::{choices, employee_path, id};
use crate::{
    coverage::{Candidate, Coverage, Held, Holders, Job, Lack, Mark, rank},
    scoring::{CatalogueView, Group},
    standing::Filter,
    types::{QUALIFICATION, TEAM},
};

pub(super) const PATH: &str = "/who-can";

/// The rating that a skill takes where none is named: with help.
const USUAL: u8 = 3;
/// The most skills, and the most tools, of one question.
const MOST: usize = 8;
/// The most people of an answer.
const MOST_PEOPLE: usize = 50;

/// What makes the ids of fields of one name differ.
const PLACES: [&str; MOST] = ["-1", "-2", "-3", "-4", "-5", "-6", "-7", "-8"];

/// The question as the address has it.
#[derive(Default)]
struct Question {
    job: Job,
    team: Option<RecordId>,
}

impl Question {
    /// Reads the address: each `skill` goes with the `min` at the same place; what is empty was not filled in.
    fn read(pairs: &[(String, String)]) -> Result<Self, Error> {
        let all =
            |name: &str| pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.trim()).collect::<Vec<_>>();
        let (skills, least, tools) = (all("skill"), all("min"), all("tool"));
        if skills.len() > MOST || tools.len() > MOST {
            return Err(Error::field("skill", format!("Ask for at most {MOST} skills and {MOST} tools at once.")));
        }
        let mut question = Self { team: id("team", all("team").first().copied())?, ..Self::default() };
        for (at, text) in skills.iter().enumerate() {
            let least = least.get(at).filter(|text| !text.is_empty()).map_or(Ok(USUAL), |text| rating(text))?;
            question.job.skills.extend(id("skill", Some(text))?.map(|skill| (skill, least)));
        }
        for text in &tools {
            question.job.tools.extend(id("tool", Some(text))?);
        }
        let name =
            all("qualification").first().filter(|name| !name.is_empty()).map(|name| name.chars().take(100).collect());
        question.job.qualification = name;
        Ok(question)
    }

    /// The question in words, for the trail: `Build Gate from 3, Saw on truck, EPA 608; Team: North`.
    fn words(&self, catalogue: &CatalogueView, team: &Field) -> String {
        let job = &self.job;
        let skills = job.skills.iter().map(|(skill, least)| format!("{} from {least}", skill_name(catalogue, *skill)));
        let tools = job.tools.iter().map(|tool| format!("{} on truck", tool_name(catalogue, *tool)));
        let takes = skills.chain(tools).chain(job.qualification.clone()).collect::<Vec<_>>().join(", ");
        let team = self.team.and_then(|id| team.choice_label(&id.to_string()).map(str::to_owned));
        team.map_or_else(|| takes.clone(), |team| format!("{takes}; Team: {team}"))
    }
}

fn rating(text: &str) -> Result<u8, Error> {
    let rating = text.parse().ok().filter(|rating| (1..=5).contains(rating));
    rating.ok_or_else(|| Error::field("min", "Choose a rating from 1 to 5."))
}

#[derive(Template)]
#[template(path = "who_can.html")]
struct Body {
    path: &'static str,
    skills: Vec<(Field, Field)>,
    tools: Vec<Field>,
    qualification: Option<Field>,
    team: Field,
    answer: Option<Table>,
    is_cut: bool,
    has_stars: bool,
}

pub(super) async fn show(
    State(coverage): State<Coverage>,
    visitor: Visitor,
    pairs: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Outcome {
    let Query(pairs) =
        pairs.map_err(|error| Error::field("address", "This address can't be read.").caused_by(error))?;
    let question = Question::read(&pairs)?;
    let catalogue = coverage.catalogue(&visitor.caller).await?;
    let mut body = form(&coverage, &visitor, &catalogue, &question).await?;
    let mut lead = "Say what the job takes. Whoever can do it comes first, then who lacks least.".to_owned();
    if !question.job.is_empty() {
        lead = answer(&coverage, &visitor, (&question, catalogue), &mut body).await?;
    }
    Page::new(&visitor, "Who can do this?").width(Width::Wide).lead(lead).body(&body)
}

/// Fills in the answer, and gives it in a sentence.
async fn answer(
    coverage: &Coverage,
    visitor: &Visitor,
    (question, catalogue): (&Question, Arc<CatalogueView>),
    body: &mut Body,
) -> Result<String, Error> {
    let filter = Filter { team: question.team, ..Filter::default() };
    let looked_at = ("who_can.view", question.words(&catalogue, &body.team));
    let seen = coverage.look(&visitor.caller, catalogue, &filter, looked_at).await?;
    let today = visitor.now.date_in(&visitor.navigation.zone);
    let holders = match &question.job.qualification {
        Some(name) => Some(coverage.holders(&visitor.caller, name, today).await?),
        None => None,
    };
    let held = |employee| holders.as_ref().map_or(Held::Unseen, |holders: &Holders| holders.of(employee));
    let found = rank(&question.job, &seen.members, held);
    let shown = &found[..found.len().min(MOST_PEOPLE)];
    body.is_cut = shown.len() < found.len();
    body.has_stars =
        shown.iter().flat_map(|candidate| candidate.skills.iter().flatten()).any(|mark| mark.is_unverified);
    body.answer = Some(table(&seen.catalogue, &question.job, shown));
    Ok(lead(&question.job, &found))
}

/// Who certainly can, who could, and how many are near to it.
fn lead(job: &Job, found: &[Candidate<'_>]) -> String {
    let unsure = found.iter().filter(|candidate| candidate.can() && candidate.is_uncertain()).count();
    let sure = found.iter().filter(|candidate| candidate.can()).count() - unsure;
    let all = match (sure, unsure) {
        (0, 0) => "Nobody can do all of this".to_owned(),
        (0, _) => "Nobody for certain".to_owned(),
        (1, _) => "1 person can do this".to_owned(),
        (many, _) => format!("{many} people can do this"),
    };
    let could = match (unsure, job.qualification.as_deref().unwrap_or_default()) {
        (0, _) => String::new(),
        (1, name) => format!("; 1 could, if they hold {name}"),
        (many, name) => format!("; {many} could, if they hold {name}"),
    };
    let one = match found.iter().filter(|candidate| candidate.lacks.len() == 1).count() {
        0 => String::new(),
        1 => " 1 person lacks one thing.".to_owned(),
        many => format!(" {many} people lack one thing."),
    };
    format!("{all}{could}.{one}")
}

async fn form(
    coverage: &Coverage,
    visitor: &Visitor,
    catalogue: &CatalogueView,
    question: &Question,
) -> Result<Body, Error> {
    let job = &question.job;
    let (skills, tools) = (items(catalogue.skills(), "skill"), items(catalogue.tools(), "tool"));
    let places = |filled: usize| PLACES.iter().copied().enumerate().take((filled + 1).clamp(2, MOST));
    let skill_fields = places(job.skills.len()).map(|(at, place)| {
        let (skill, least) =
            job.skills.get(at).map_or((String::new(), USUAL), |(skill, least)| (skill.to_string(), *least));
        let skill = Field::select("skill", format!("Skill {}", at + 1), skills.clone()).value(skill).id_suffix(place);
        (skill, least_field(at, least).id_suffix(place))
    });
    let tool_fields = places(job.tools.len()).map(|(at, place)| {
        let tool = job.tools.get(at).map(ToString::to_string).unwrap_or_default();
        Field::select("tool", format!("Tool {}", at + 1), tools.clone()).value(tool).id_suffix(place)
    });
    let teams = choices(coverage.records(), &visitor.caller, &TEAM, "Everybody").await?;
    Ok(Body {
        path: PATH,
        skills: skill_fields.collect(),
        tools: tool_fields.collect(),
        qualification: qualification_field(coverage, visitor, job.qualification.as_deref()).await?,
        team: Field::select("team", "Team", teams).value(question.team.map(|id| id.to_string()).unwrap_or_default()),
        answer: None,
        is_cut: false,
        has_stars: false,
    })
}

fn items(groups: &[Group], one: &str) -> Vec<Choice> {
    let item = |group: &Group| {
        let named =
            |item: &crate::scoring::Item| Choice::new(item.id.to_string(), format!("{}: {}", group.name, item.name));
        group.items.iter().map(named).collect::<Vec<_>>()
    };
    std::iter::once(Choice::new("", format!("No {one}"))).chain(groups.iter().flat_map(item)).collect()
}

fn least_field(at: usize, least: u8) -> Field {
    let ratings = [
        ("1", "1 – never done it"),
        ("2", "2 – done once or twice"),
        ("3", "3 – with help"),
        ("4", "4 – alone"),
        ("5", "5 – expert"),
    ];
    let ratings = ratings.map(|(value, label)| Choice::new(value, label));
    Field::select("min", format!("Skill {}: at least", at + 1), ratings).value(least.to_string())
}

/// The qualifications by name; none where the visitor sees nobody's.
async fn qualification_field(
    coverage: &Coverage,
    visitor: &Visitor,
    chosen: Option<&str>,
) -> Result<Option<Field>, Error> {
    let may = visitor.caller.authority.allows(&Permission::new(QUALIFICATION.verbs.read.permission), Scope::Own);
    if !may {
        return Ok(None);
    }
    let mut names = coverage.qualification_names(&visitor.caller).await?;
    if let Some(chosen) = chosen
        && !names.iter().any(|name| name.eq_ignore_ascii_case(chosen))
    {
        names.push(chosen.to_owned());
    }
    let names = names.into_iter().map(|name| Choice::new(name.clone(), name));
    let field =
        Field::select("qualification", "Valid qualification", std::iter::once(Choice::new("", "None")).chain(names));
    Ok(Some(field.value(chosen.unwrap_or_default())))
}

fn table(catalogue: &CatalogueView, job: &Job, found: &[Candidate<'_>]) -> Table {
    let skills = job.skills.iter().map(|(skill, _)| Head::new(skill_name(catalogue, *skill)).number());
    let tools = job.tools.iter().map(|tool| Head::new(tool_name(catalogue, *tool)));
    let qualification = job.qualification.iter().map(|name| Head::new(name.as_str()));
    let heads = [Head::new("Name"), Head::new("Fits"), Head::new("Tier"), Head::new("Team")];
    let heads = heads.into_iter().chain(skills).chain(tools).chain(qualification);
    let empty = EmptyState::new("Nobody has any of this", "Ask for a lower rating, or for fewer things.");
    Table::new("Who can do the job", heads).rows(found.iter().map(|candidate| row(catalogue, candidate))).empty(empty)
}

fn row(catalogue: &CatalogueView, candidate: &Candidate<'_>) -> Row {
    let member = candidate.member;
    let mut cells = vec![
        Cell::text(&member.name),
        fits(catalogue, candidate),
        Cell::text(&member.tier_name),
        member.team_name.as_ref().map_or_else(Cell::none, Cell::text),
    ];
    cells.extend(candidate.skills.iter().map(|mark| mark.map_or_else(Cell::none, rating_cell)));
    cells.extend(candidate.tools.iter().map(|carries| Cell::text(if *carries { "on truck" } else { "not on truck" })));
    cells.extend(candidate.held.map(|held| match held {
        Held::Valid => Cell::text("valid"),
        Held::NotValid => Cell::text("not valid"),
        Held::Unseen => Cell::text("not yours to see").muted(),
    }));
    Row::link(employee_path(member.employee), cells)
}

fn rating_cell(mark: Mark) -> Cell {
    Cell::number(format!("{}{}", mark.rating, if mark.is_unverified { "*" } else { "" }))
}

/// "Can do it", or what is lacking.
fn fits(catalogue: &CatalogueView, candidate: &Candidate<'_>) -> Cell {
    match (candidate.can(), candidate.is_uncertain()) {
        (true, false) => Cell::badge(&Badge::ok("can do it")),
        (true, true) if candidate.skills.is_empty() => Cell::badge(&Badge::note("ask about qualification")),
        (true, true) => Cell::badge(&Badge::note("skills fit, ask about qualification")),
        (false, _) => {
            let lacks: Vec<_> = candidate.lacks.iter().map(|lack| lack_words(catalogue, lack)).collect();
            Cell::html(Html::text(&format!("lacks: {}", lacks.join("; "))))
        }
    }
}

fn lack_words(catalogue: &CatalogueView, lack: &Lack) -> String {
    match lack {
        Lack::Skill(skill, Some(has), needs) => format!("{} ({has}, takes {needs})", skill_name(catalogue, *skill)),
        Lack::Skill(skill, None, _) => format!("{} (not rated)", skill_name(catalogue, *skill)),
        Lack::Tool(tool) => format!("{} on truck", tool_name(catalogue, *tool)),
        Lack::Qualification => "the qualification".to_owned(),
    }
}

fn skill_name(catalogue: &CatalogueView, skill: RecordId) -> &str {
    catalogue.skill(skill).map_or("A skill out of use", |(_, item)| item.name.as_str())
}

fn tool_name(catalogue: &CatalogueView, tool: RecordId) -> &str {
    catalogue.tool(tool).map_or("A tool out of use", |(_, item)| item.name.as_str())
}
