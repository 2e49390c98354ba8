//! Who may do what: pure functions from a caller's authority to a decision.
//!
//! A decision is either a [`Permit`] for a verb, or a [`RowFilter`]: the rows that the caller's scope reaches. Both have
//! private constructors, so hand-written SQL and services can only get them here.

use palisade_base::{Action, Caller, Error, Permission, Permit, PersonId, Scope};

use crate::{Field, RecordType, RowRules, Verb, Verbs};

/// The rows that a caller reaches with a permission. [`RowFilter::condition`] is its SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowFilter {
    pub(crate) rules: RowRules,
    pub(crate) reach: Reach,
    /// The caller, where their own records are left out.
    pub(crate) except_own: Option<PersonId>,
}

/// How far a filter lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reach {
    Nothing,
    Own(PersonId),
    Team(PersonId),
    Everything,
}

impl Reach {
    /// For one caller and one type, each reach lies within the next.
    const fn rank(self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Own(_) => 1,
            Self::Team(_) => 2,
            Self::Everything => 3,
        }
    }
}

impl RowFilter {
    fn new(ty: &RecordType, caller: &Caller, permission: &'static str) -> Self {
        let scope = caller.authority.scope(&Permission::new(permission));
        let reach = match (scope, caller.person) {
            (Some(Scope::All), _) => Reach::Everything,
            (Some(Scope::Team), Some(person)) => Reach::Team(person),
            (Some(Scope::Own), Some(person)) => Reach::Own(person),
            // Nobody in particular has nothing of their own and leads nobody.
            (Some(Scope::Own | Scope::Team), None) | (None, _) => Reach::Nothing,
        };
        Self { rules: ty.rows, reach, except_own: None }
    }

    /// A filter that lets every row through.
    pub(crate) const fn everything() -> Self {
        Self { rules: RowRules::IMPERSONAL, reach: Reach::Everything, except_own: None }
    }

    /// Whether it lets every row through.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.reach == Reach::Everything && self.except_own.is_none()
    }

    /// The same rows without the caller's own.
    const fn without_own(mut self, caller: &Caller) -> Self {
        self.except_own = caller.person;
        self
    }

    /// Whether it lets no row through.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        match self.reach {
            Reach::Nothing => true,
            Reach::Everything => false,
            Reach::Own(_) => self.rules.own.is_none(),
            Reach::Team(_) => self.rules.own.is_none() && self.rules.team.is_none(),
        }
    }
}

/// Something that is done to records, as a type: what a [`Permit`] is for.
pub trait RecordAction: Action<Key = Key> {
    /// Whether it changes a record that is there, so that the record's state may forbid it.
    const IS_CHANGE: bool;
    /// Whether it takes a record out of use or into it: a decision, which nobody takes about themselves where the type
    /// has anything that is for others to set.
    const IS_DECISION: bool;

    /// The verb of it.
    fn verb(verbs: &Verbs) -> Verb;
}

/// Proof that a permit comes from this module.
#[derive(Debug)]
pub struct Key(());

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $verb:ident, $is_change:literal, $is_decision:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Action for $name {
            type Key = Key;
            const NAME: &'static str = concat!("record.", stringify!($verb));
        }

        impl RecordAction for $name {
            const IS_CHANGE: bool = $is_change;
            const IS_DECISION: bool = $is_decision;

            fn verb(verbs: &Verbs) -> Verb {
                verbs.$verb
            }
        }
    )*};
}

actions! {
    /// Making a record.
    Create = create, false, false;
    /// Changing a record.
    Update = update, true, false;
    /// Taking a record out of use.
    Archive = archive, true, true;
    /// Taking it into use again.
    Restore = restore, true, true;
    /// Taking in a file.
    Import = import, false, false;
    /// Taking an import back.
    UndoImport = undo_import, false, false;
    /// Giving records out as a file.
    Export = export, false, false;
}

/// Decides whether the caller may do `A` to records of this type at all, and to which rows.
///
/// # Errors
/// The permission is not held.
pub fn permit<A: RecordAction>(ty: &RecordType, caller: &Caller) -> Result<(Permit<A>, RowFilter), Error> {
    let verb = A::verb(&ty.verbs);
    if caller.authority.scope(&Permission::new(verb.permission)).is_none() {
        return Err(Error::denied());
    }
    let mut rows = RowFilter::new(ty, caller, verb.permission);
    if A::IS_DECISION && ty.fields.iter().any(|field| field.is_set_by_others) && !rows.is_open() {
        rows = rows.without_own(caller);
    }
    Ok((Permit::issue(Key(()), &caller.actor), rows))
}

/// The rows of this type that the caller may read. For hand-written SQL of apps.
#[must_use]
pub fn readable(ty: &RecordType, caller: &Caller) -> RowFilter {
    RowFilter::new(ty, caller, ty.verbs.read.permission)
}

/// The rows of this type that the caller reaches with another permission that its app declares.
#[must_use]
pub fn reached_with(ty: &RecordType, caller: &Caller, permission: &'static str) -> RowFilter {
    RowFilter::new(ty, caller, permission)
}

/// A type as one caller sees it: which rows, and of each field in which rows it is seen and may be set.
#[derive(Clone, Debug)]
pub struct View {
    pub(crate) rows: RowFilter,
    pub(crate) seen: Vec<RowFilter>,
    pub(crate) settable: Vec<RowFilter>,
}

impl View {
    /// What this caller sees of the type.
    #[must_use]
    pub fn new(ty: &RecordType, caller: &Caller) -> Self {
        let filter = |permission: Option<&'static str>| {
            permission.map_or_else(RowFilter::everything, |permission| RowFilter::new(ty, caller, permission))
        };
        Self {
            rows: readable(ty, caller),
            seen: ty.fields.iter().map(|field| filter(field.read)).collect(),
            settable: ty.fields.iter().map(|field| settable(ty, caller, field, filter(field.write))).collect(),
        }
    }

    /// The same, of no more rows than these.
    pub(crate) fn narrowed_to(mut self, rows: RowFilter) -> Self {
        if rows.reach.rank() < self.rows.reach.rank() {
            self.rows = rows;
        }
        self
    }

    /// Whether the caller sees this field in any row.
    #[must_use]
    pub fn sees(&self, index: usize) -> bool {
        self.seen.get(index).is_some_and(|filter| !filter.is_closed())
    }

    /// Whether the caller may set this field in any row.
    #[must_use]
    pub fn may_set(&self, index: usize) -> bool {
        self.sees(index) && self.settable.get(index).is_some_and(|filter| !filter.is_closed())
    }

    /// The fields that the caller sees in any row, with their places.
    pub fn fields(&self, ty: &RecordType) -> impl Iterator<Item = (usize, &'static Field)> {
        ty.fields.iter().enumerate().filter(|(index, _)| self.sees(*index))
    }
}

/// Only who reaches every record may set a field for themselves that is for others to set; nobody sets the program's.
fn settable(ty: &RecordType, caller: &Caller, field: &Field, filter: RowFilter) -> RowFilter {
    if field.is_by_program {
        return RowFilter { reach: Reach::Nothing, ..filter };
    }
    let reach = RowFilter::new(ty, caller, ty.verbs.update.permission);
    let own = RowFilter { rules: ty.rows, ..filter };
    if field.is_set_by_others && !reach.is_open() { own.without_own(caller) } else { filter }
}
