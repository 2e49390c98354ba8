//! The KPI app: who works here, in which tier and team, and the catalogue of skills and tools that people are rated on.

pub mod catalogue;
pub mod coverage;
pub mod dashboard;
pub mod demo;
pub mod development;
pub mod evaluation;
pub mod evaluation_table;
mod kept;
mod lookup;
pub mod reports;
mod roles;
mod routes;
pub mod score_card;
pub mod scoring;
pub mod standing;
mod store;
pub mod tiers;
pub mod types;

use palisade_records::RecordType;
use palisade_store::MigrationSet;

pub use roles::{DEFAULT_ROLES, DefaultRole, permissions};
pub use routes::{KpiState, navigation, routes};

/// The tables of this app; they refer to those of `palisade_records`.
pub const MIGRATIONS: MigrationSet = palisade_store::migrations!("kpi", [1 => "0001_company", 2 => "0002_evaluations"]);

/// The record types of this app, in the order that pages list them. The directory's is not among them.
pub const TYPES: &[&RecordType] = &[
    &types::EMPLOYEE,
    &types::TEAM,
    &types::TIER,
    &types::SKILL_CATEGORY,
    &types::SKILL,
    &types::TOOL_CATEGORY,
    &types::TOOL,
    &types::EVALUATION,
    &types::QUALIFICATION,
    &types::SPECIAL_SKILL,
    &types::CUSTOM_TOOL,
    &types::GOAL,
    &types::TRAINING_REQUEST,
    &types::TIER_RULE,
    &types::PROMOTION,
];
