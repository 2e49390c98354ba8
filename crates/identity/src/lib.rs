//! Who somebody is: users, passwords, second factors, sessions, roles, API keys, and the settings that govern them.
#![doc = include_str!("../README.md")]

pub mod model;
pub mod permissions;
pub mod policy;
mod service;
pub mod settings;

pub use service::{Enrolled, Identity, IdentityConfig};
