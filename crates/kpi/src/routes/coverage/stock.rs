//! What is missing on the trucks, as a list to buy from: page, print, workbook, CSV.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use palisade_base::Error;
use palisade_sheets::{Cell as SheetCell, Sheet, write_csv, write_xlsx};
use palisade_web::{
    Failure, FileKind, Icon, ListQuery, ListQueryParts, ListSpec, Order, Outcome, Page, Visitor,
    component::{ButtonLink, Cell, EmptyState, Field, FilterForm, Head, Row, Table},
    download,
};

use super::shared::{category_field, filter_words, id, people, people_fields};
use crate::{
    coverage::{CategoryGaps, Coverage, Gap, Seen, gaps, people_in},
    routes::figures::counted,
    scoring::Group,
};

pub(super) const PATH: &str = "/truck-stock";
pub(super) const CSV_PATH: &str = "/truck-stock.csv";
pub(super) const XLSX_PATH: &str = "/truck-stock.xlsx";

const SPEC: ListSpec = ListSpec {
    sorts: &["name"],
    default_sort: ("name", Order::Ascending),
    filters: &["team", "tier", "category"],
    per_page: 100,
};

#[derive(Template)]
#[template(path = "truck_stock.html")]
struct Body<'a> {
    filters: FilterForm,
    categories: Vec<(&'a str, String, Table)>,
    empty: Option<EmptyState>,
}

pub(super) async fn show(State(coverage): State<Coverage>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    let query = query.read(&SPEC)?;
    let (seen, fields) = look(&coverage, &visitor, &query, "truck_stock.view").await?;
    let gaps = asked(&seen, &query)?;
    let empty = || {
        let text = "Everybody carries the tools that they can operate, as far as they have been asked.";
        EmptyState::new("Nothing is missing", text)
    };
    let body = Body {
        filters: FilterForm::new(&query, fields),
        categories: gaps.iter().map(|gaps| (gaps.group.name.as_str(), pieces(gaps.pieces()), table(gaps))).collect(),
        empty: gaps.is_empty().then(empty),
    };
    let rest = query.export_query();
    Page::new(&visitor, "Truck stock")
        .lead(lead(&gaps))
        .action(ButtonLink::second("Export to Excel", format!("{XLSX_PATH}{rest}")).icon(Icon::Export))
        .action(ButtonLink::second("Export as CSV", format!("{CSV_PATH}{rest}")).icon(Icon::Export))
        .body(&body)
}

pub(super) async fn csv(State(coverage): State<Coverage>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    let (sheet, stem) = sheet(&coverage, &visitor, query).await?;
    Ok(download(FileKind::Csv, &stem, write_csv(&sheet.rows)))
}

pub(super) async fn xlsx(State(coverage): State<Coverage>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    let (sheet, stem) = sheet(&coverage, &visitor, query).await?;
    let file = write_xlsx(&[sheet], visitor.now).map_err(Error::internal)?;
    Ok(download(FileKind::Xlsx, &stem, file))
}

/// Reads the people that the address asks about, and gives the filters.
async fn look(
    coverage: &Coverage,
    visitor: &Visitor,
    query: &ListQuery,
    action: &'static str,
) -> Result<(Seen, Vec<Field>), Error> {
    let catalogue = coverage.catalogue(&visitor.caller).await?;
    let mut fields = people_fields(coverage.records(), &visitor.caller).await?.to_vec();
    fields.push(category_field(catalogue.tools(), "All categories"));
    let looked_at = (action, filter_words(query, &fields));
    let seen = coverage.look(&visitor.caller, catalogue, &people(query)?, looked_at).await?;
    Ok((seen, fields))
}

/// The gaps of the category that the address asks about, or of all.
fn asked<'a>(seen: &'a Seen, query: &ListQuery) -> Result<Vec<CategoryGaps<'a>>, Error> {
    let category = id("category", query.filter("category"))?;
    let is_asked = |group: &Group| category.is_none_or(|id| group.id == id);
    Ok(gaps(&seen.catalogue, &seen.members).into_iter().filter(|gaps| is_asked(gaps.group)).collect())
}

fn pieces(number: usize) -> String {
    counted(number, "piece", "pieces")
}

fn lead(gaps: &[CategoryGaps<'_>]) -> String {
    let number = gaps.iter().map(CategoryGaps::pieces).sum();
    let people = people_in(gaps);
    let (who, have) = if people == 1 { ("person", "has") } else { ("people", "have") };
    format!("To buy: {} for {people} {who} who can operate the tool and {have} none on the truck.", pieces(number))
}

fn table(gaps: &CategoryGaps<'_>) -> Table {
    let heads = [Head::new("Tool"), Head::new("Pieces").number(), Head::new("For")];
    let rows = gaps
        .tools
        .iter()
        .map(|gap| Row::new([Cell::text(&gap.tool.name), Cell::number(gap.people.len()), Cell::text(names(gap))]));
    Table::new(format!("Missing: {}", gaps.group.name), heads).rows(rows)
}

fn names(gap: &Gap<'_>) -> String {
    gap.people.iter().map(|member| member.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// A row for each tool and team: who buys for a team takes their rows.
async fn sheet(coverage: &Coverage, visitor: &Visitor, query: ListQueryParts) -> Result<(Sheet, String), Failure> {
    let query = query.read(&SPEC)?;
    let (seen, _) = look(coverage, visitor, &query, "truck_stock.export").await?;
    let mut rows = vec![["Category", "Tool", "Team", "Pieces", "For"].map(SheetCell::text).to_vec()];
    for category in asked(&seen, &query)? {
        rows.extend(category.tools.iter().flat_map(|gap| gap_rows(&category.group.name, gap)));
    }
    let stem = format!("truck-stock-{}", visitor.now.date_in(&visitor.navigation.zone));
    Ok((Sheet { name: "To buy".to_owned(), rows }, stem))
}

fn gap_rows(category: &str, gap: &Gap<'_>) -> Vec<Vec<SheetCell>> {
    let mut teams: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for member in &gap.people {
        teams.entry(member.team_name.as_deref().unwrap_or_default()).or_default().push(&member.name);
    }
    let row = |(team, people): (&str, Vec<&str>)| {
        #[expect(clippy::cast_precision_loss, reason = "a number of people")]
        let number = SheetCell::Number(people.len() as f64);
        let text = |text: &str| if text.is_empty() { SheetCell::Empty } else { SheetCell::text(text) };
        vec![text(category), text(&gap.tool.name), text(team), number, text(&people.join(", "))]
    };
    teams.into_iter().map(row).collect()
}
