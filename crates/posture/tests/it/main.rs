//! The posture, on both engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod databases;
mod frappe;
mod host;
mod looks;
mod shabby;
mod sites;
mod world;

use palisade_posture::guide_points;
use palisade_store::{Migrator, STORE_MIGRATIONS};
use palisade_testkit::{on_both_engines, prepare_all};

const MIGRATOR: Migrator = Migrator(&[STORE_MIGRATIONS, palisade_posture::MIGRATIONS]);

on_both_engines! {
    async fn every_statement_is_understood(db: TestStore) {
        prepare_all(&db, palisade_posture::STATEMENTS).await;
    }
}

#[test]
fn every_point_of_both_guides_is_known() {
    let points = guide_points();
    assert_eq!(points.len(), 97);
    assert_eq!((points[0].id, points[0].source), ("T1.1", "TEMS 1"));
    assert_eq!((points[96].id, points[96].source), ("T0.2", "TEMS title and roles"));
}
