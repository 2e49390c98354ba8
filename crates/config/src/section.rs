//! The sections of `palisade.toml`, one per file.

pub(crate) mod acme;
pub(crate) mod company;
pub(crate) mod console;
pub(crate) mod database;
pub(crate) mod firewall;
pub(crate) mod headers;
pub(crate) mod helper;
pub(crate) mod jail;
pub(crate) mod jails;
pub(crate) mod limit;
pub(crate) mod limits;
pub(crate) mod listen;
pub(crate) mod log;
pub(crate) mod machine;
pub(crate) mod seal;
pub(crate) mod site;
pub(crate) mod sizes;
pub(crate) mod timeouts;
pub(crate) mod tls;
