//! Certificates, from each of their sources, as clients and CAs see them.

mod files;
mod harness;
mod local_ca;
mod ordering;
mod outages;
