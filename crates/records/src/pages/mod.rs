//! The pages that a declaration gives: list, record, form, archive.

mod companion;
mod files;
mod form;
mod importing;
mod list;
mod lookup;
mod show;
mod transition;
mod words;

use std::sync::Arc;

use palisade_base::{Caller, Permission, Scope};
use palisade_web::{Access, ListSpec, Routes};

use crate::{
    RecordType, Records, Verb,
    query::{fixed, list_spec},
};

pub use companion::{Companion, Companions};
pub use importing::{ImportWords, Importer, import_routes};
pub use words::cell_html;

/// Rows on a page of a list where nothing else is asked for.
const PER_PAGE: u64 = 50;

/// What the pages of one type work with.
#[derive(Clone)]
pub(crate) struct Pages {
    pub(crate) records: Records,
    pub(crate) ty: &'static RecordType,
    spec: ListSpec,
    /// All types of the program, to find those that refer to this one.
    all: Arc<[&'static RecordType]>,
    /// What the app adds to the records' pages.
    companion: Option<Arc<dyn Companion>>,
}

impl Pages {
    fn list_path(&self) -> String {
        format!("/{}", self.ty.path)
    }

    fn record_path(&self, id: palisade_base::RecordId) -> String {
        record_path(self.ty, id)
    }
}

/// The path of a record's page.
pub(crate) fn record_path(ty: &RecordType, id: palisade_base::RecordId) -> String {
    format!("/{}/{id}", ty.path)
}

/// What a route needs: the verb's permission, reaching anything at all. How far, the service decides for each record.
pub(crate) fn needs(verb: Verb) -> Access {
    Access::Permission(Permission::new(verb.permission), Scope::Own)
}

/// Whether the caller holds the verb's permission at all.
pub(crate) fn holds(caller: &Caller, verb: Verb) -> bool {
    caller.authority.scope(&Permission::new(verb.permission)).is_some()
}

/// The routes of these types' pages.
pub fn routes(records: &Records, types: &[&'static RecordType], companions: &Companions) -> Routes {
    let all: Arc<[&'static RecordType]> = types.into();
    types.iter().fold(Routes::new(()), |routes, ty| {
        let (spec, all, companion) = (list_spec(ty, PER_PAGE), Arc::clone(&all), companions.of(ty));
        routes.merge(type_routes(Pages { records: records.clone(), ty, spec, all, companion }))
    })
}

fn type_routes(pages: Pages) -> Routes {
    let ty = pages.ty;
    let path = |rest: &str| fixed(format!("/{}{rest}", ty.path));
    let verbs = &ty.verbs;
    let reading = Routes::new(pages.clone())
        .get(path(""), needs(verbs.read), list::show)
        .get(path("/{id}"), needs(verbs.read), show::show)
        .get(path("/export.csv"), needs(verbs.export), files::export_csv)
        .get(path("/export.xlsx"), needs(verbs.export), files::export_xlsx)
        .finish();
    if !ty.is_kept_by_hand() {
        return reading;
    }
    let (imports, transitions) = (import_routes(pages.clone(), verbs), transition::routes(&pages));
    Routes::new(pages)
        .get(path("/new"), needs(verbs.create), form::show_new)
        .post(path("/new"), needs(verbs.create), form::create)
        .get(path("/{id}/edit"), needs(verbs.update), form::show_edit)
        .post(path("/{id}/edit"), needs(verbs.update), form::update)
        .get(path("/{id}/archive"), needs(verbs.archive), show::confirm_archive)
        .post(path("/{id}/archive"), needs(verbs.archive), show::archive)
        .post(path("/{id}/restore"), needs(verbs.restore), show::restore)
        .finish()
        .merge(reading)
        .merge(imports)
        .merge(transitions)
}
