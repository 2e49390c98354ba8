//! What a record type is: the whole declarative core, on one page.
//!
//! A [`RecordType`] is declared once, as a `static`. Everything that reaches its records (pages, API, import, export,
//! trail entries, the start-up check of the schema) is derived from it; nothing else knows the table.

use palisade_base::{FieldError, Scope};
use palisade_store::Value;

use crate::{Child, Lifecycle, Transition};

/// A kind of record: its table, its fields, who may do what with which rows.
#[derive(Debug)]
pub struct RecordType {
    /// The noun in code, trail and permissions: `employee`.
    pub name: &'static str,
    /// The noun for one, as people say it: `employee`, `skill category`.
    pub singular: &'static str,
    /// The heading of the list: `Employees`.
    pub plural: &'static str,
    /// What these are for, in a sentence: under the heading, and in the API's description.
    pub about: &'static str,
    /// The table.
    pub table: &'static str,
    /// The path of its pages and of its part of the API, without slashes: `employees`.
    pub path: &'static str,
    /// Another type whose facts each of these records has: an employee is a person.
    pub base: Option<Base>,
    /// Its fields, in the order of forms and columns.
    pub fields: &'static [Field],
    /// The fields that make a record's title. Whoever sees the record sees them.
    pub title: &'static [&'static str],
    /// The fields that lists are sorted by where nothing else is asked for.
    pub sort: &'static [&'static str],
    /// The sets of fields by which an import knows a record again; the first that a row fills decides.
    pub key: &'static [&'static [&'static str]],
    /// Sets of fields that no two records share.
    pub unique: &'static [&'static [&'static str]],
    /// What must hold between its fields, besides each field's own rules.
    pub check: Option<Check>,
    /// The field that holds the person whom the record is about, or the record that is about that person.
    pub subject: Option<&'static str>,
    /// Who may do what.
    pub verbs: Verbs,
    /// Which rows `own` and `team` mean.
    pub rows: RowRules,
    /// Its states, and what leads from one to the next.
    pub lifecycle: Option<&'static Lifecycle>,
    /// The rows that belong to each record.
    pub children: &'static [&'static Child],
    /// How long records are kept, in words.
    pub retention: &'static str,
}

/// The type whose facts a record shares. The shared fields are marked with [`Field::shared`].
#[derive(Debug)]
pub struct Base {
    /// The other type.
    pub of: &'static RecordType,
    /// The field of ours that links to it; set when the record is made, and never changed.
    pub link: &'static str,
}

/// A rule between fields: pure, of the record as it would be written; says what is wrong, and in which field.
pub type Check = fn(&Values<'_>) -> Vec<FieldError>;

/// A record as it would be written: what a draft sets, and what stays.
pub struct Values<'a> {
    pub(crate) ty: &'static RecordType,
    pub(crate) set: &'a [(usize, Value)],
    pub(crate) current: Option<&'a crate::Record>,
}

impl Values<'_> {
    /// The value of the field of that name; none where it is empty.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        let index = self.ty.position(name)?;
        let set = self.set.iter().find(|(at, _)| *at == index).map(|(_, value)| value);
        let current = || self.current.and_then(|record| record.cells.get(index)).map(|cell| &cell.value);
        set.or_else(current).filter(|value| !value.is_null())
    }

    /// The whole number in the field of that name.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.value(name) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        }
    }

    /// The text in the field of that name; a date is one that sorts.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.value(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// What keeps a record in use: others refer to what it refers to, and need it as long as they do.
#[derive(Clone, Copy, Debug)]
pub struct Hold {
    /// The type of those others.
    pub by: &'static RecordType,
    /// Their field that refers to it.
    pub field: &'static str,
    /// What the record does for them: `leads`.
    pub verb: &'static str,
    /// What to do first, in a sentence.
    pub advice: &'static str,
}

/// One fact of a record.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in JSON and in forms.
    pub name: &'static str,
    /// Its column in the table; of the same name, unless declared otherwise.
    pub column: &'static str,
    /// Its label, in the words of who uses it.
    pub label: &'static str,
    /// A hint under the label; may be empty.
    pub hint: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be there.
    pub is_required: bool,
    /// Whether it lies in the base type's table.
    pub is_shared: bool,
    /// Whether it is settled when the record is made.
    pub is_fixed: bool,
    /// What to do to change it where it is settled, in a sentence; empty where nothing can be done.
    pub changed_by: &'static str,
    /// Whether the search box looks into it.
    pub is_searchable: bool,
    /// Whether it is a column of the list.
    pub is_listed: bool,
    /// Whether lists can be filtered by it.
    pub is_filter: bool,
    /// Whether the record stays in use as long as others refer to what this field refers to.
    pub hold: Option<&'static Hold>,
    /// What the trail and privacy reports make of it.
    pub privacy: Privacy,
    /// A permission that seeing it takes, besides seeing the record; it counts as far as its scope reaches.
    pub read: Option<&'static str>,
    /// A permission that setting it takes, besides changing the record.
    pub write: Option<&'static str>,
    /// Whether nobody sets it for themselves, unless they reach every record.
    pub is_set_by_others: bool,
    /// Whether only the program sets it, in the course of something else: no form, call or file does.
    pub is_by_program: bool,
    /// The word that a new record has in it.
    pub initial: Option<&'static str>,
    /// Other headings that its column may have in a file, in small letters and parted by spaces.
    pub headings: &'static [&'static str],
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One line of at most that many characters.
    Text(usize),
    /// Several lines of at most that many characters together.
    LongText(usize),
    /// A mail address, kept in small letters.
    Email,
    /// A telephone number, as written.
    Phone,
    /// A whole number within these limits.
    Int {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A number with one decimal place within these limits, both in tenths; stored as whole tenths.
    Tenths {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// Yes or no.
    Bool,
    /// A civil date.
    Date,
    /// One of fixed words: as stored, and as people read it.
    Choice(&'static [(&'static str, &'static str)]),
    /// Another record, by its id.
    Link(&'static RecordType),
}

/// How personal a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    /// It says nothing about a person.
    None,
    /// It is about a person, and kept for this purpose. The trail shows it in the part that can be erased.
    Personal(&'static str),
    /// The trail only tells that it changed.
    Secret,
}

/// The permissions of a type and the names of its events in the trail; [`verbs!`](crate::verbs) writes them.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it: permission and trail action of each verb")]
pub struct Verbs {
    pub read: Verb,
    pub list: Verb,
    pub create: Verb,
    pub update: Verb,
    pub archive: Verb,
    pub restore: Verb,
    pub import: Verb,
    pub check_import: Verb,
    pub undo_import: Verb,
    pub export: Verb,
}

/// Something that is done to records.
#[derive(Clone, Copy, Debug)]
pub struct Verb {
    /// The permission it takes: `kpi.employee.update`.
    pub permission: &'static str,
    /// The event's name in the trail: `employee.update`.
    pub action: &'static str,
}

/// The [`Verbs`] of `verbs!("kpi", "employee")`: restoring takes the permission to archive, undoing an import the one to import.
#[macro_export]
macro_rules! verbs {
    ($app:literal, $noun:literal) => {{
        macro_rules! verb {
            ($permission:literal, $action:literal) => {
                $crate::Verb {
                    permission: concat!($app, ".", $noun, ".", $permission),
                    action: concat!($noun, ".", $action),
                }
            };
        }
        $crate::Verbs {
            read: verb!("read", "view"),
            list: verb!("read", "list"),
            create: verb!("create", "create"),
            update: verb!("update", "update"),
            archive: verb!("archive", "archive"),
            restore: verb!("archive", "restore"),
            import: verb!("import", "import"),
            check_import: verb!("import", "check_import"),
            undo_import: verb!("import", "undo_import"),
            export: verb!("export", "export"),
        }
    }};
}

/// Which rows the narrower scopes mean: fixed conditions on the record's row `r` (and its base's row `b`), in which each
/// `?` stands for the caller's person. They are SQL, so they stand in the `store.rs` of who declares the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowRules {
    /// Records about the caller. `None`: there are no such records.
    pub own: Option<&'static str>,
    /// Records about people whom the caller leads; `own` is added to it.
    pub team: Option<&'static str>,
}

impl RowRules {
    /// Records that are about nobody: only the scope `all` reaches them.
    pub const IMPERSONAL: Self = Self { own: None, team: None };

    /// The scopes that mean something for these rows, narrowest first.
    #[must_use]
    pub const fn scopes(&self) -> &'static [Scope] {
        match (self.own, self.team) {
            (None, None) => &[Scope::All],
            (Some(_), None) => &[Scope::Own, Scope::All],
            (_, Some(_)) => &[Scope::Own, Scope::Team, Scope::All],
        }
    }
}

impl Field {
    /// A field of this kind: optional, in forms and on the record's page only.
    #[must_use]
    pub const fn new(name: &'static str, label: &'static str, kind: Kind) -> Self {
        Self {
            name,
            column: name,
            label,
            hint: "",
            kind,
            is_required: false,
            is_shared: false,
            is_fixed: false,
            changed_by: "",
            is_searchable: false,
            is_listed: false,
            hold: None,
            is_filter: false,
            privacy: Privacy::None,
            read: None,
            write: None,
            is_set_by_others: false,
            is_by_program: false,
            initial: None,
            headings: &[],
        }
    }

    /// Files that come from elsewhere call it this, too.
    #[must_use]
    pub const fn also_called(self, headings: &'static [&'static str]) -> Self {
        Self { headings, ..self }
    }

    /// Its column in the table has this name.
    #[must_use]
    pub const fn stored_in(self, column: &'static str) -> Self {
        Self { column, ..self }
    }

    /// It must be there.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// It lies in the base type's table, and is the same fact there.
    #[must_use]
    pub const fn shared(self) -> Self {
        Self { is_shared: true, ..self }
    }

    /// It is settled when the record is made.
    #[must_use]
    pub const fn fixed(self) -> Self {
        Self { is_fixed: true, ..self }
    }

    /// It is settled when the record is made, and changes in the course of something else: this says of what.
    #[must_use]
    pub const fn changed_by(self, advice: &'static str) -> Self {
        Self { changed_by: advice, ..self.fixed() }
    }

    /// It is a column of the list.
    #[must_use]
    pub const fn listed(self) -> Self {
        Self { is_listed: true, ..self }
    }

    /// It is not a column of the list.
    #[must_use]
    pub const fn unlisted(self) -> Self {
        Self { is_listed: false, ..self }
    }

    /// The search box looks into it.
    #[must_use]
    pub const fn searchable(self) -> Self {
        Self { is_searchable: true, ..self }
    }

    /// Lists can be filtered by it: a link, a choice, a yes or no, a number.
    #[must_use]
    pub const fn filter(self) -> Self {
        Self { is_filter: true, ..self }
    }

    /// The record is not taken out of use as long as others refer to what this field refers to.
    #[must_use]
    pub const fn held(self, hold: &'static Hold) -> Self {
        Self { hold: Some(hold), ..self }
    }

    /// Adds a hint.
    #[must_use]
    pub const fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// It is about a person, and kept for this purpose.
    #[must_use]
    pub const fn personal(self, purpose: &'static str) -> Self {
        Self { privacy: Privacy::Personal(purpose), ..self }
    }

    /// Seeing it takes this permission, too.
    #[must_use]
    pub const fn seen_with(self, permission: &'static str) -> Self {
        Self { read: Some(permission), ..self }
    }

    /// Setting it takes this permission, too.
    #[must_use]
    pub const fn set_with(self, permission: &'static str) -> Self {
        Self { write: Some(permission), ..self }
    }

    /// Nobody sets it for themselves, unless their permission to change reaches every record.
    #[must_use]
    pub const fn set_by_others(self) -> Self {
        Self { is_set_by_others: true, ..self }
    }

    /// Only the program sets it: a state that follows from what is done, who decided.
    #[must_use]
    pub const fn by_program(self) -> Self {
        Self { is_by_program: true, ..self }
    }

    /// Only the program sets it, and it begins with this word.
    #[must_use]
    pub const fn begins_as(self, word: &'static str) -> Self {
        Self { initial: Some(word), ..self.by_program() }
    }
}

impl RecordType {
    /// The place of the field of that name.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// One of them, within a sentence: `a team`, `an employee`.
    #[must_use]
    pub fn one(&self) -> String {
        let article = if self.singular.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {}", self.singular)
    }

    /// Whether anything about it is personal.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.fields.iter().any(|field| field.privacy != Privacy::None)
    }

    /// The field that links to the base, by its place.
    pub(crate) fn base_link(&self) -> Option<usize> {
        self.base.as_ref().and_then(|base| self.position(base.link))
    }
}

/// A permission as pages list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionInfo {
    /// Its name: `kpi.employee.update`.
    pub name: &'static str,
    /// What it lets one do, in a few words.
    pub label: String,
    /// What else there is to know; may be empty.
    pub about: String,
    /// The scopes that make sense for it, narrowest first.
    pub scopes: &'static [Scope],
}

impl RecordType {
    /// The permissions that the type itself declares, each once.
    #[must_use]
    pub fn permissions(&self) -> Vec<PermissionInfo> {
        let plural = self.plural.to_lowercase();
        let info = |verb: Verb, label: &str, about: &str| PermissionInfo {
            name: verb.permission,
            label: format!("{label} {plural}"),
            about: about.to_owned(),
            scopes: self.rows.scopes(),
        };
        let mut all = vec![
            info(self.verbs.read, "See", ""),
            info(self.verbs.create, "Add", ""),
            info(self.verbs.update, "Change", ""),
            info(self.verbs.archive, "Archive", "Take them out of use, and into use again."),
            info(
                self.verbs.import,
                "Import",
                "Many at once from a file; takes the permissions to add and to change, too.",
            ),
            info(self.verbs.export, "Export", "Give them out as a file."),
        ];
        for transition in self.transitions() {
            all.push(info(transition.verb, transition.label, transition.about));
        }
        // A type may let one permission do for several verbs: the first tells what it is called.
        let mut known = Vec::new();
        all.retain(|info| {
            !known.contains(&info.name) && {
                known.push(info.name);
                true
            }
        });
        all
    }

    /// Whether people enter and change its records; otherwise all of it follows from what is done elsewhere, and there is
    /// nothing to fill in.
    #[must_use]
    pub fn is_kept_by_hand(&self) -> bool {
        self.fields.iter().any(|field| !field.is_by_program)
    }

    /// Whether rows belong to its records.
    #[must_use]
    pub const fn has_rows(&self) -> bool {
        !self.children.is_empty()
    }

    /// What leads its records from state to state; nothing where it has no states.
    #[must_use]
    pub fn transitions(&self) -> &'static [Transition] {
        self.lifecycle.map_or(&[], |lifecycle| lifecycle.transitions)
    }
}
