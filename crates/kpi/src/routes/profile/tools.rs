//! The tools of an employee: what they can operate, and what is on their truck.

use axum::extract::State;
use palisade_base::RecordId;
use palisade_charts::{Bar, Bars, Scale};
use palisade_web::{
    Html, ListQueryParts, Outcome, PathId, Visitor,
    component::{Badge, Cell, Head, Row, Table, date_words},
};

use super::{
    Profile, SPEC, Tab, open,
    skills::{Body, Folded},
};
use crate::{
    routes::figures::{counted, part_words, percent_figure, percent_words, source_words},
    scoring::{CatalogueView, Group, Item, ToolScore, tool_scores, tool_total},
    standing::Standing,
};

pub(super) async fn show(
    State(profile): State<Profile>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    query: ListQueryParts,
) -> Outcome {
    let query = query.read(&SPEC)?;
    let caller = &visitor.caller;
    let standing = profile.standings.of(caller, id).await?;
    let (_, page) = open(&profile.records, &visitor, id, Tab::Tools).await?;
    let catalogue = profile.standings.catalogue(caller).await?;
    let scores = tool_scores(&catalogue, &standing);
    let total = tool_total(&scores);
    let chosen = query.filter("category");
    let groups = catalogue.tools().iter().zip(&scores).map(|(group, score)| folded(group, score, &standing, chosen));
    let body = Body {
        chart: chart(&catalogue, &scores, id),
        groups: groups.collect(),
        note: "Whether they can operate a tool and whether it is on their truck are two questions, each answered by the \
               newest evaluation that answers it.",
    };
    let lead = format!(
        "Can operate {} tools; {} on the truck.",
        part_words(total.operable_of_all()),
        counted(total.stocked, "is", "are")
    );
    page.lead(lead).body(&body)
}

fn chart(catalogue: &CatalogueView, scores: &[ToolScore], id: RecordId) -> Html {
    let bar = |(group, score): (&Group, &ToolScore)| Bar {
        name: group.name.clone(),
        path: Some(format!("/employees/{id}/tools?category={0}#c-{0}", group.id)),
        first: percent_figure(score.figures.operable_of_all()),
        second: percent_figure(score.figures.stocked_of_all()),
        note: String::new(),
    };
    let total = tool_total(scores);
    let bars = Bars {
        title: "Tools by category".to_owned(),
        finding: format!(
            "{} can be operated, {} are on the truck.",
            percent_words(total.operable_of_all()),
            percent_words(total.stocked_of_all())
        ),
        name_head: "Category".to_owned(),
        series: ["Can operate".to_owned(), "On the truck".to_owned()],
        scale: Scale::PERCENT,
        bars: catalogue.tools().iter().zip(scores).map(bar).collect(),
        note_head: String::new(),
    };
    Html::from_component(&bars.chart())
}

fn folded(group: &Group, score: &ToolScore, standing: &Standing, chosen: Option<&str>) -> Folded {
    let heads = ["Tool", "Can operate", "On the truck", "Whose word, of when"].map(Head::new);
    Folded {
        id: group.id,
        name: group.name.clone(),
        figure: part_words(score.figures.operable_of_all()),
        words: format!("{} on the truck", score.figures.stocked),
        is_open: chosen.is_some_and(|id| id == group.id.to_string()),
        table: Table::new(group.name.as_str(), heads).rows(group.items.iter().map(|item| row(item, standing))),
    }
}

fn row(item: &Item, standing: &Standing) -> Row {
    let name = Cell::text(&item.name);
    let Some(tool) = standing.tool(item.id) else {
        return Row::new([name, Cell::none(), Cell::none(), Cell::text("not answered").muted()]);
    };
    let yes = |is: bool| Cell::badge(&if is { Badge::ok("yes") } else { Badge::plain("no") });
    let operate = tool.can_operate.map_or_else(Cell::none, yes);
    let word = format!("{}, {}", source_words(tool.source), date_words(tool.rated_on));
    Row::new([name, operate, yes(tool.truck_stock), Cell::text(word)])
}
