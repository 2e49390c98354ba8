//! What one employee is working on.

use axum::extract::State;
use palisade_base::RecordId;
use palisade_web::{Outcome, PathId, Visitor};

use super::{Profile, Tab, open};
use crate::routes::development;

pub(super) async fn show(State(profile): State<Profile>, visitor: Visitor, PathId(id): PathId<RecordId>) -> Outcome {
    let (record, page) = open(&profile.records, &visitor, id, Tab::Development).await?;
    let body = development::body((&profile.records, &profile.standings), &visitor, &record).await?;
    page.body_html(&body)
}
