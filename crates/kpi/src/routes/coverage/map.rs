//! The coverage map: all categories at a glance, or one of them person by person.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use palisade_base::{Error, RecordId};
use palisade_web::{
    ListQuery, ListQueryParts, ListSpec, Order, Outcome, Page, Visitor, Width,
    component::{Breadcrumbs, Cell, Choice, EmptyState, Field, FilterForm, Head, Paging, Row, Stat, Stats, Table},
};

use super::shared::{category_field, employee_path, filter_words, id, people, people_fields, rating_words};
use crate::{
    coverage::{Able, CategoryCover, Coverage, Mark, Seen, SkillCover, cover, marks},
    routes::figures::counted,
    scoring::Group,
    standing::Member,
};

pub(super) const PATH: &str = "/coverage";

/// What counts as "can do it" where nothing else is asked for: alone.
const ALONE: u8 = 4;

/// People named for a skill before the rest is only counted.
const MOST_NAMES: usize = 12;

const SPEC: ListSpec = ListSpec {
    sorts: &["name"],
    default_sort: ("name", Order::Ascending),
    filters: &["category", "team", "tier", "rating"],
    per_page: 50,
};

pub(super) async fn show(State(coverage): State<Coverage>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    let query = query.read(&SPEC)?;
    let (filter, category) = (people(&query)?, id("category", query.filter("category"))?);
    let minimum = rating(&query)?;
    let catalogue = coverage.catalogue(&visitor.caller).await?;
    let fields = fields(&coverage, &visitor, catalogue.skills()).await?;
    let looked_at = ("coverage.view", filter_words(&query, &fields));
    let seen = coverage.look(&visitor.caller, catalogue, &filter, looked_at).await?;
    let filters = FilterForm::new(&query, fields);
    let covers = cover(&seen.catalogue, &seen.members, minimum);
    match category {
        None => overview(&visitor, &query, filters, (&seen, &covers, minimum)),
        Some(id) => {
            let cover = covers.into_iter().find(|cover| cover.group.id == id).ok_or_else(Error::not_found)?;
            one_category(&visitor, &query, filters, (&seen, &cover.best_first(), minimum))
        }
    }
}

fn rating(query: &ListQuery) -> Result<u8, Error> {
    let read = |text: &str| text.parse().ok().filter(|rating| (2..=5).contains(rating));
    let wrong = || Error::field("rating", "Choose a rating from 2 to 5.");
    query.filter("rating").map_or(Ok(ALONE), |text| read(text).ok_or_else(wrong))
}

async fn fields(coverage: &Coverage, visitor: &Visitor, groups: &[Group]) -> Result<Vec<Field>, Error> {
    let ratings = [("", "4 – alone"), ("5", "5 – expert"), ("3", "3 – with help"), ("2", "2 – done once or twice")];
    let ratings = ratings.map(|(value, label)| Choice::new(value, label));
    let mut fields = vec![category_field(groups, "All categories")];
    fields.extend(people_fields(coverage.records(), &visitor.caller).await?);
    fields.push(Field::select("rating", "Counts as able from", ratings));
    Ok(fields)
}

/// "Only Maria Lopez can: …", for each person whom something hangs on.
struct Only<'a> {
    name: &'a str,
    path: String,
    skills: Vec<&'a str>,
}

/// Groups the skills that hang on one person by that person, who most hangs on first.
fn only<'a>(skills: impl Iterator<Item = &'a SkillCover<'a>>) -> Vec<Only<'a>> {
    let mut found: BTreeMap<(&str, RecordId), Vec<&str>> = BTreeMap::new();
    for skill in skills {
        if let Some(able) = skill.only() {
            found.entry((&able.member.name, able.member.employee)).or_default().push(skill.name);
        }
    }
    let entries = found.into_iter();
    let mut all: Vec<_> = entries.map(|((name, id), skills)| Only { name, path: employee_path(id), skills }).collect();
    all.sort_by_key(|only| std::cmp::Reverse(only.skills.len()));
    all
}

#[derive(Template)]
#[template(path = "coverage.html")]
struct Overview<'a> {
    filters: FilterForm,
    stats: Stats,
    table: Table,
    only: Vec<Only<'a>>,
    open: Vec<(&'a str, Vec<&'a str>)>,
}

fn overview(
    visitor: &Visitor,
    query: &ListQuery,
    filters: FilterForm,
    (seen, covers, minimum): (&Seen, &[CategoryCover<'_>], u8),
) -> Outcome {
    let (single, open) = covers.iter().fold((0, 0), |sum, cover| (sum.0 + cover.single(), sum.1 + cover.open()));
    let stat = |figure: usize, label: &str| Stat { figure: figure.to_string(), label: label.into(), path: None };
    let open_skills = covers.iter().filter(|cover| cover.open() > 0);
    let body = Overview {
        filters,
        stats: Stats::new([
            stat(seen.members.len(), if seen.members.len() == 1 { "person" } else { "people" }),
            stat(seen.catalogue.skill_count(), "skills"),
            stat(single, if single == 1 { "hangs on one person" } else { "hang on one person" }),
            stat(open, "nobody can do"),
        ]),
        table: categories_table(query, covers),
        only: only(covers.iter().flat_map(|cover| &cover.skills)),
        open: open_skills.map(|cover| (cover.group.name.as_str(), open_names(cover))).collect(),
    };
    let lead = thin_words(single, open, minimum);
    Page::new(visitor, "Coverage map").width(Width::Wide).lead(lead).body(&body)
}

fn open_names<'a>(cover: &CategoryCover<'a>) -> Vec<&'a str> {
    cover.skills.iter().filter(|skill| skill.is_open()).map(|skill| skill.name).collect()
}

fn categories_table(query: &ListQuery, covers: &[CategoryCover<'_>]) -> Table {
    let heads = [
        Head::new("Category"),
        Head::new("Skills").number(),
        Head::new("Several can").number(),
        Head::new("One can").number(),
        Head::new("Nobody can").number(),
    ];
    let rows = covers.iter().map(|cover| {
        let (total, single, open) = (cover.skills.len(), cover.single(), cover.open());
        let figure = |number: usize| if number == 0 { Cell::number("–").muted() } else { Cell::number(number) };
        let cells = [
            Cell::text(&cover.group.name),
            Cell::number(total),
            figure(total - single - open),
            figure(single),
            figure(open),
        ];
        Row::link(category_path(query, cover.group.id), cells)
    });
    let empty = EmptyState::new("No skills yet", "The catalogue has no skills in use.");
    Table::new("Categories and how many can do their skills", heads).rows(rows).empty(empty)
}

/// The same question about one category.
fn category_path(query: &ListQuery, category: RecordId) -> String {
    let category = category.to_string();
    let rest = query.set_filters().filter(|(name, _)| *name != "category");
    query.path_with(std::iter::once(("category", category.as_str())).chain(rest))
}

/// A person's row of the grid.
struct GridRow<'a> {
    member: &'a Member,
    path: String,
    marks: Vec<Option<Mark>>,
}

/// A skill with those who can do it, for narrow screens and for who reads rather than scans.
struct SkillLine<'a> {
    name: &'a str,
    path: String,
    able: &'a [Able<'a>],
    more: usize,
}

#[derive(Template)]
#[template(path = "coverage_category.html")]
struct OneCategory<'a> {
    filters: FilterForm,
    minimum: u8,
    skills: &'a [SkillCover<'a>],
    rows: Vec<GridRow<'a>>,
    lines: Vec<SkillLine<'a>>,
    only: Vec<Only<'a>>,
    open: Vec<&'a str>,
    paging: Paging,
}

impl OneCategory<'_> {
    fn is_able(&self, mark: &Mark) -> bool {
        mark.rating >= self.minimum
    }
}

fn one_category(
    visitor: &Visitor,
    query: &ListQuery,
    filters: FilterForm,
    (seen, cover, minimum): (&Seen, &CategoryCover<'_>, u8),
) -> Outcome {
    let (category, total) = (cover.group.id, seen.members.len());
    let first = usize::try_from(query.offset()).unwrap_or(usize::MAX).min(total);
    let most = usize::try_from(query.per_page).unwrap_or(usize::MAX);
    let rows = seen.members.iter().skip(first).take(most).map(|member| GridRow {
        member,
        path: employee_path(member.employee),
        marks: marks(&seen.catalogue, category, member),
    });
    let rows: Vec<_> = rows.collect();
    let body = OneCategory {
        filters,
        minimum,
        skills: &cover.skills,
        lines: cover.skills.iter().map(|skill| line(skill, minimum)).collect(),
        only: only(cover.skills.iter()),
        open: open_names(cover),
        paging: Paging::new(query, rows.len(), total as u64, "people"),
        rows,
    };
    let rest = query.set_filters().filter(|(name, _)| *name != "category");
    Page::new(visitor, format!("Coverage: {}", cover.group.name))
        .crumbs(Breadcrumbs::new().link("Coverage map", query.path_with(rest)))
        .width(Width::Wide)
        .lead(category_words(cover, total, minimum))
        .body(&body)
}

fn category_words(cover: &CategoryCover<'_>, people: usize, minimum: u8) -> String {
    let (skills, people) = (cover.skills.len() as u64, people as u64);
    format!(
        "{} and {}. {}",
        counted(skills, "skill", "skills"),
        counted(people, "person", "people"),
        thin_words(cover.single(), cover.open(), minimum)
    )
}

/// How many skills are thinly covered, in a sentence.
fn thin_words(single: usize, open: usize, minimum: u8) -> String {
    let alone = rating_words(minimum);
    let hang = counted(single, "skill hangs", "skills hang");
    let nobody = counted(open, "skill", "skills");
    match (single, open) {
        (0, 0) => format!("Each skill has several people who can do it {alone}."),
        (_, 0) => format!("{hang} on the one person who can do it {alone}."),
        (0, _) => format!("{nobody} nobody can do {alone}."),
        _ => format!("{hang} on the one person who can do it {alone}, and {nobody} nobody can do so."),
    }
}

fn line<'a>(skill: &'a SkillCover<'a>, minimum: u8) -> SkillLine<'a> {
    let shown = skill.able.len().min(MOST_NAMES);
    SkillLine {
        name: skill.name,
        path: format!("{}?skill={}&min={minimum}", super::job::PATH, skill.skill),
        able: &skill.able[..shown],
        more: skill.able.len() - shown,
    }
}
