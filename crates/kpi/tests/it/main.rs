//! The KPI app and, with its types, the record layer, on both engines.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

mod api;
mod company;
mod coverage;
mod dashboard;
mod demo_company;
mod demo_load;
mod development;
mod evaluation_pages;
mod evaluation_table;
mod evaluations;
mod fields;
mod pages;
mod reports;
mod schema;
mod scopes;
mod score_card;
mod scoring;
mod site;
mod standing;
mod standing_kept;
mod tiers;
mod trail;
mod transfer;
mod validation;
mod versions;

use palisade_store::{Migrator, STORE_MIGRATIONS};

const MIGRATOR: Migrator = Migrator(&[STORE_MIGRATIONS, palisade_records::MIGRATIONS, palisade_kpi::MIGRATIONS]);
