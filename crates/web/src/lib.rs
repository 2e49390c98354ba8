#![doc = include_str!("../README.md")]

mod access;
pub mod assets;
pub mod component;
pub mod cookie;
mod csrf;
mod download;
mod failure;
mod form;
pub mod hand_off;
mod html;
mod icon;
mod json;
mod list;
mod navigation;
mod notice;
mod page;
mod path_id;
mod redirect;
mod render;
mod routes;
mod same_origin;
mod sign_in_failed;
mod visitor;

pub use access::{Access, Denial};
pub use csrf::{CsrfKey, CsrfToken};
pub use download::{FileKind, download};
pub use failure::{Failure, Outcome};
pub use form::{
    FORM_LIMIT_BYTES, Fields, FormView, ProtectedForm, ProtectedJson, ProtectedUpload, UPLOAD_LIMIT_BYTES,
    UploadedFile, decode_fields,
};
pub use html::Html;
pub use icon::Icon;
pub use json::{JSON_LIMIT_BYTES, JsonBody, PageMetadata, json_created, json_data, json_page};
pub use list::{ListQuery, ListQueryParts, ListSpec, Order};
pub use navigation::{NavItem, Navigation, Search};
pub use notice::Notice;
pub use page::{Page, Width, plain_page};
pub use path_id::PathId;
pub use redirect::{ReturnPath, path_segment, see_other, see_other_with};
pub use render::{RenderState, Told, render_failures, wants_json};
pub use routes::{RouteInfo, Routes};
pub use same_origin::is_from_here;
pub use sign_in_failed::SignInFailed;
pub use visitor::{SiteFrame, Visitor};
