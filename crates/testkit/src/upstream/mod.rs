//! Applications to put behind a gate: one that answers as Frappe does, and one that follows a script.

mod echo;
mod frappe;
mod frappe_site;
mod raw;
mod server;
mod websocket;

pub use frappe::{ACCOUNT, PASSWORD};
pub use frappe_site::{FRAPPE_TOKEN, FrappeSite, FrappeState};
pub use raw::{RawUpstream, Step};
pub use server::TestUpstream;
pub use websocket::{masked_text_frame, text_frame};
