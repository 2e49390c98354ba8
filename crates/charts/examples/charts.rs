//! Every chart, friendly and hostile, to be looked at: `cargo run -p palisade-charts --example charts > charts.html`.

#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use palisade_charts::{
    Axis, Bar, Bars, Figure, Grid, GridCell, GridHead, GridRow, Radar, Scale, Stacked, StackedRow, Trend, TrendPoint,
    fold_axes, sparkline,
};
use palisade_web::{Html, component::Badge};

/// Where the style sheets lie.
const ASSETS: &str = concat!("file://", env!("CARGO_MANIFEST_DIR"), "/../web/assets");

const CATEGORIES: [&str; 20] = [
    "Cabinets & Countertops",
    "Carpentry",
    "Chalking/Weather proofing",
    "Concrete",
    "Crawl space",
    "Decks",
    "Doors",
    "Drywall",
    "Electrical",
    "Fencing",
    "Flooring",
    "Garage/Sheds",
    "Hauling/Moving",
    "Heating/Cooling",
    "Landscaping",
    "Maintenance Inside",
    "Maintenance Outside of every building that we look after",
    "Painting/Staining",
    "Roofing/Gutters",
    "Commercial",
];

fn figure(value: f64) -> Option<Figure> {
    Some(Figure::new(value, format!("{value:.1}")))
}

/// A believable rating of the n-th thing; every ninth was not rated.
fn rating(n: usize, shift: f64) -> Option<Figure> {
    let wave = (f64::from(u32::try_from(n).unwrap_or(0)) * 1.7 + shift).sin();
    if n % 9 == 4 { None } else { figure(3.2 + 1.4 * wave) }
}

fn axes(names: &[&str]) -> Vec<Axis> {
    let axis = |(n, name): &(usize, &str)| Axis {
        name: (*name).to_owned(),
        path: Some("#".to_owned()),
        first: rating(*n, 0.0),
        second: rating(*n, 0.5),
        note: format!("{} of 12", n % 13),
    };
    let others = |others: &[(usize, &str)]| Axis {
        name: format!("The other {}", others.len()),
        path: None,
        first: figure(2.9),
        second: figure(3.4),
        note: String::new(),
    };
    fold_axes(names.iter().copied().enumerate().collect(), |(n, _)| (*n % 7) as u64, axis, others)
}

fn radar(title: &str, names: &[&str]) -> Html {
    let radar = Radar {
        title: title.to_owned(),
        finding: "Strongest in decks (4.6), weakest in drywall (1.8); two of the categories have not been rated."
            .to_owned(),
        series: ["Manager".to_owned(), "Self".to_owned()],
        axes: axes(names),
        note_head: "Rated".to_owned(),
    };
    Html::from_component(&radar.chart())
}

fn trend(title: &str, quarters: usize) -> Html {
    let point = |n: usize| TrendPoint {
        name: format!("Q{} {}", n % 4 + 1, 2021 + n / 4),
        short: format!("Q{}", n % 4 + 1),
        group: (2021 + n / 4).to_string(),
        path: None,
        first: rating(n, 0.2),
        second: rating(n + 1, 0.9),
        count: (n as u64 * 7_919) % 20_000,
    };
    let trend = Trend {
        title: title.to_owned(),
        finding: "The mean rose from 2.9 to 3.6.".to_owned(),
        series: ["Manager".to_owned(), "Self".to_owned()],
        scale: Scale::RATING_LINE,
        ticks: Trend::rating_ticks(),
        count_head: "Ratings".to_owned(),
        points: (0..quarters).map(point).collect(),
    };
    Html::from_component(&trend.chart())
}

fn bars() -> Html {
    let bar = |(n, name): (usize, &&str)| Bar {
        name: (*name).to_owned(),
        path: Some("#".to_owned()),
        first: rating(n, 0.0),
        second: rating(n, 0.5),
        note: format!("{} of 12 rated", n % 13),
    };
    let bars = Bars {
        title: "Every category".to_owned(),
        finding: "Twenty of them, with long names.".to_owned(),
        name_head: "Category".to_owned(),
        series: ["Manager".to_owned(), "Self".to_owned()],
        scale: Scale::RATING,
        bars: CATEGORIES.iter().enumerate().map(bar).collect(),
        note_head: "Rated".to_owned(),
    };
    Html::from_component(&bars.chart())
}

fn stacked() -> Html {
    let row = |(n, name): (u64, &str)| StackedRow {
        name: name.to_owned(),
        path: Some("#".to_owned()),
        counts: (0..5).map(|tier| (n * 5 + tier * 3) % 11).collect(),
    };
    let stacked = Stacked {
        title: "Tiers by team".to_owned(),
        finding: "Most people are craftsmen.".to_owned(),
        name_head: "Team".to_owned(),
        kinds: ["Apprentice", "Handyman", "Craftsman", "Master Craftsman", "Lead Craftsman"]
            .map(str::to_owned)
            .to_vec(),
        rows: (0..)
            .zip(["North crew", "South crew", "Roofing and everything on high ladders", "Nobody yet"])
            .map(row)
            .collect(),
    };
    Html::from_component(&stacked.chart())
}

fn grid() -> Html {
    let heads: Vec<_> = (0..40)
        .map(|n| GridHead { name: format!("{} Nakamura-Villanueva", CATEGORIES[n % 20]), path: Some("#".to_owned()) })
        .collect();
    let row = |n: usize| GridRow {
        name: format!("Install and repair {}", CATEGORIES[n % 20].to_lowercase()),
        path: Some("#".to_owned()),
        group: CATEGORIES[n / 5].to_owned(),
        note: if n.is_multiple_of(6) { Html::from_component(&Badge::warn("one expert")) } else { Html::empty() },
        cells: (0..40)
            .map(|m| GridCell {
                rating: u8::try_from((n * 7 + m * 3) % 7).ok(),
                is_unverified: (n + m).is_multiple_of(11),
            })
            .collect(),
    };
    Html::from_component(&Grid::new("Who can do what", "Skill", "Warning", &heads, (0..30).map(row)))
}

fn main() {
    let figures: Vec<_> = (0..8).map(|n| rating(n, 0.3)).collect();
    let panels = [
        radar("All categories", &CATEGORIES),
        radar("Five categories", &CATEGORIES[..5]),
        trend("Eight quarters", 8),
        trend("Twenty quarters", 20),
        trend("One quarter", 1),
        bars(),
        stacked(),
        sparkline("Fencing", &figures, Scale::RATING_LINE),
    ];
    let panels: String = panels.iter().map(|panel| format!("<div class=\"panel\">{panel}</div>")).collect();
    println!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Charts</title><link rel=\"stylesheet\" href=\"{ASSETS}/palisade.css\">\
         <link rel=\"stylesheet\" href=\"{ASSETS}/charts.css\">\
         <body><main><h1>Charts</h1><div class=\"columns\">{panels}</div>{}</main>",
        grid()
    );
}
