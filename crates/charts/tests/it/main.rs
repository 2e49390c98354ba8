//! What every chart promises, whatever it is given.

use palisade_charts::{
    Axis, Bar, Bars, Figure, Grid, GridCell, GridHead, GridRow, Radar, Scale, Stacked, StackedRow, Trend, TrendPoint,
    fold_axes, sparkline,
};
use palisade_web::Html;

const HOSTILE: &str = r#"</title><script>alert(1)</script>"' onload="x" & <b>"#;

fn figure(value: f64) -> Option<Figure> {
    Some(Figure::new(value, if value.is_finite() { format!("{value:.1}") } else { HOSTILE.to_owned() }))
}

fn axis(name: &str, first: f64, second: f64) -> Axis {
    Axis {
        name: name.to_owned(),
        path: Some(format!("/skills?q={name}")),
        first: figure(first),
        second: figure(second),
        note: name.to_owned(),
    }
}

/// Every chart with these names and values.
fn all(names: &[String], values: &[f64]) -> Vec<String> {
    let pairs: Vec<(&String, f64)> = names.iter().zip(values.iter().copied().cycle()).collect();
    let series = [names[0].clone(), names[0].clone()];
    let axes = fold_axes(pairs.clone(), |_| 1, |(name, value)| axis(name, *value, *value), |_| axis("rest", 1.0, 2.0));
    let bar =
        |axis: Axis| Bar { name: axis.name, path: axis.path, first: axis.first, second: axis.second, note: axis.note };
    let bars = pairs.iter().map(|(name, value)| bar(axis(name, *value, *value))).collect();
    let point = |(name, value): &(&String, f64)| TrendPoint {
        name: (*name).clone(),
        short: (*name).clone(),
        group: (*name).clone(),
        path: Some((*name).clone()),
        first: figure(*value),
        second: figure(*value),
        count: u64::MAX,
    };
    let (title, finding) = (names[0].clone(), names[0].clone());
    let counts = vec![u64::MAX; names.len()];
    let rows: Vec<_> =
        names.iter().map(|name| StackedRow { name: name.clone(), path: None, counts: counts.clone() }).collect();
    let cells = vec![GridCell { rating: Some(5), is_unverified: true }; names.len()];
    let heads: Vec<_> = names.iter().map(|name| GridHead { name: name.clone(), path: Some(name.clone()) }).collect();
    let grid_row = |name: &String| GridRow {
        name: name.clone(),
        path: Some(name.clone()),
        group: name.clone(),
        note: Html::text(name),
        cells: cells.clone(),
    };
    let figures: Vec<_> = values.iter().map(|value| figure(*value)).collect();
    vec![
        Radar {
            title: title.clone(),
            finding: finding.clone(),
            series: series.clone(),
            axes,
            note_head: title.clone(),
        }
        .chart()
        .to_string(),
        Trend {
            title: title.clone(),
            finding: finding.clone(),
            series: series.clone(),
            scale: Scale::RATING_LINE,
            ticks: Trend::rating_ticks(),
            count_head: title.clone(),
            points: pairs.iter().map(point).collect(),
        }
        .chart()
        .to_string(),
        Bars {
            title: title.clone(),
            finding: finding.clone(),
            name_head: title.clone(),
            series,
            scale: Scale::up_to_largest(figures.iter().flatten()),
            bars,
            note_head: title.clone(),
        }
        .chart()
        .to_string(),
        Stacked { title: title.clone(), finding, name_head: title.clone(), kinds: names.to_vec(), rows }
            .chart()
            .to_string(),
        sparkline(&title, &figures, Scale::PERCENT).into_string(),
        Grid::new(title.as_str(), title.as_str(), title.as_str(), &heads, names.iter().map(grid_row)).to_string(),
    ]
}

#[test]
fn hostile_names_are_text_everywhere() {
    for html in all(&vec![HOSTILE.to_owned(); 20], &[3.0, f64::NAN]) {
        assert!(!html.contains("<script") && !html.contains("<b>\"") && !html.contains("\" onload"), "{html}");
    }
}

#[test]
fn no_value_makes_a_drawing_that_browsers_refuse() {
    let wild = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e308, 1e308, -0.0, 0.0, 3.3];
    for count in [1, 2, 3, 12, 13, 40] {
        for html in all(&vec!["Roofing".to_owned(); count], &wild) {
            for word in ["NaN", "inf", "e308", "\"-0\"", "=\"\" y"] {
                assert!(!html.contains(word), "{word}: {html}");
            }
        }
    }
}

/// The security policy of pages allows nothing inline.
#[test]
fn nothing_is_inline_and_every_drawing_is_named() {
    for html in all(&vec!["Roofing".to_owned(); 9], &[3.0, 4.0]) {
        assert!(!html.contains("style=") && !html.contains("<style") && !html.contains("<script"), "{html}");
        for svg in html.split("<svg").skip(1) {
            let head = svg.split('>').next().unwrap();
            let named = head.contains("role=\"img\"") && svg.split("</svg>").next().unwrap().contains("<title>");
            assert!(named || head.contains("aria-hidden=\"true\""), "{svg}");
        }
    }
}

/// What a reader without eyes for the drawing has: the finding, and every figure of it in a table, links included.
#[test]
fn a_chart_says_its_finding_and_has_its_figures_as_a_table() {
    let radar = Radar {
        title: "Skills by category".into(),
        finding: "Strongest in fencing.".into(),
        series: ["Manager".into(), "Self".into()],
        axes: vec![axis("Fencing", 4.2, 4.8), Axis { first: None, ..axis("Roofing", 1.0, 2.5) }],
        note_head: "Rated".into(),
    };
    let html = radar.chart().to_string();
    assert!(html.contains("<h2>Skills by category</h2><p>Strongest in fencing.</p>"), "{html}");
    let table = html.split("<table").nth(1).unwrap();
    for part in ["4.2", "4.8", "–", "2.5", "<a href=\"/skills?q=Roofing\">Roofing</a>", "Manager", "Self", "Rated"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert!(html.contains("<desc>Strongest in fencing.</desc>"));
}
