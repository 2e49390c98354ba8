//! The declarations against the live schema.

use palisade_kpi::{DEFAULT_ROLES, TYPES, permissions};
use palisade_records::{Field, Kind, RecordType, RowRules, check_schema, directory::PERSON, verbs};
use palisade_testkit::on_both_engines;

use crate::MIGRATOR;

/// Like the table `tier`, but for: a name that may be empty, a number that is a text, a field too many, one too few.
static WRONG: RecordType = RecordType {
    name: "tier",
    singular: "tier",
    plural: "Tiers",
    about: "",
    table: "tier",
    path: "tiers",
    base: None,
    fields: &[
        Field::new("name", "Name", Kind::Text(100)),
        Field::new("number", "Number", Kind::Text(100)).required(),
        Field::new("colour", "Colour", Kind::Text(100)),
    ],
    title: &["name"],
    sort: &["name"],
    key: &[],
    unique: &[],
    check: None,
    subject: None,
    verbs: verbs!("kpi", "tier"),
    rows: RowRules::IMPERSONAL,
    lifecycle: None,
    children: &[],
    retention: "",
};

static MISSING: RecordType =
    RecordType { table: "spaceship", fields: &[], title: &[], sort: &[], verbs: verbs!("kpi", "spaceship"), ..copy() };

const fn copy() -> RecordType {
    RecordType {
        name: "tier",
        singular: "tier",
        plural: "Tiers",
        about: "",
        table: "tier",
        path: "tiers",
        base: None,
        fields: &[],
        title: &[],
        sort: &[],
        key: &[],
        unique: &[],
        check: None,
        subject: None,
        verbs: verbs!("kpi", "tier"),
        rows: RowRules::IMPERSONAL,
        lifecycle: None,
        children: &[],
        retention: "",
    }
}

on_both_engines! {
    async fn every_declared_type_fits_its_table(db: TestStore) {
        let types: Vec<&RecordType> = TYPES.iter().copied().chain([&PERSON]).collect();
        check_schema(&mut db.store.read().await.unwrap(), &types).await.unwrap();
    }

    async fn every_difference_between_declaration_and_table_is_told(db: TestStore) {
        let error = check_schema(&mut db.store.read().await.unwrap(), &[&WRONG, &MISSING]).await.unwrap_err().to_string();
        for part in [
            "tier.name may be empty by its declaration, and is required in the table",
            "tier.number is declared as Text, and the column is",
            "tier.colour is declared, and there is no such column",
            "tier.description is a column that no field declares",
            "the table spaceship does not exist",
        ] {
            assert!(error.contains(part), "{part} is not in:\n{error}");
        }
    }
}

/// covers K2.1 (part)
#[test]
fn roles_grant_only_permissions_that_are_declared_and_the_admin_has_all_of_them() {
    let declared: Vec<&str> = permissions().iter().map(|info| info.name).collect();
    for role in DEFAULT_ROLES {
        for (name, scope) in role.grants {
            assert!(declared.contains(name), "{} grants {name}, which nothing declares", role.name);
            let info = permissions().into_iter().find(|info| info.name == *name).unwrap();
            assert!(info.scopes.contains(scope), "{} grants {name} with a scope that means nothing", role.name);
        }
    }
    let admin: Vec<&str> = DEFAULT_ROLES[0].grants.iter().map(|(name, _)| *name).collect();
    assert!(declared.iter().all(|name| admin.contains(name)));
}

#[test]
fn declarations_refer_to_fields_that_are_there() {
    for ty in TYPES.iter().chain([&&PERSON]) {
        let named = ty
            .title
            .iter()
            .chain(ty.sort)
            .chain(ty.key.concat().iter())
            .chain(ty.unique.concat().iter())
            .copied()
            .collect::<Vec<_>>();
        for name in named {
            assert!(ty.field(name).is_some(), "{} speaks of {name}", ty.name);
        }
        for name in ty.title {
            assert!(ty.field(name).unwrap().read.is_none(), "the title of {} is not for everybody", ty.name);
        }
    }
}
