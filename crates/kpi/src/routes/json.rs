//! Figures as the API gives them: with two decimals, `null` where there is none.

use serde_json::{Value as Json, json};

use crate::scoring::{Difference, Score, Share, ToolFigures};

/// A mean of ratings.
pub(crate) fn score_json(score: Option<Score>) -> Json {
    json!(score.map(Score::to_f64))
}

/// How far two means are apart.
pub(crate) fn difference_json(difference: Option<Difference>) -> Json {
    json!(difference.map(Difference::to_f64))
}

/// A part of a whole.
pub(crate) fn share_json(share: Share) -> Json {
    json!({ "part": share.part, "whole": share.whole, "percent": share.percent() })
}

/// How many tools somebody can operate and carries.
pub(crate) fn tools_json(figures: ToolFigures) -> Json {
    json!({
        "total_tools": figures.total,
        "answered_count": figures.answered,
        "can_operate_count": figures.operable,
        "truck_stock_count": figures.stocked,
        "can_operate_percent": figures.operable_of_all().percent(),
        "truck_stock_percent": figures.stocked_of_all().percent(),
    })
}

/// The schema of [`score_json`].
pub(crate) fn score_schema() -> Json {
    json!({ "type": ["number", "null"], "minimum": 1, "maximum": 5 })
}

/// The schema of [`share_json`].
pub(crate) fn share_schema() -> Json {
    let count = json!({ "type": "integer", "minimum": 0 });
    json!({
        "type": "object",
        "properties": { "part": count, "whole": count, "percent": percent_schema() },
        "required": ["part", "whole", "percent"],
        "additionalProperties": false,
    })
}

fn percent_schema() -> Json {
    json!({ "type": ["integer", "null"], "minimum": 0, "maximum": 100 })
}

/// The schema of [`tools_json`].
pub(crate) fn tools_schema() -> Json {
    let count = json!({ "type": "integer", "minimum": 0 });
    json!({
        "type": "object",
        "properties": {
            "total_tools": count, "answered_count": count, "can_operate_count": count, "truck_stock_count": count,
            "can_operate_percent": percent_schema(), "truck_stock_percent": percent_schema(),
        },
        "required": [
            "total_tools", "answered_count", "can_operate_count", "truck_stock_count", "can_operate_percent",
            "truck_stock_percent",
        ],
        "additionalProperties": false,
    })
}
