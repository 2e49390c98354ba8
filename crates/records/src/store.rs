//! The SQL of every record type, put together from declarations. Identifiers are `&'static str` of the declaration;
//! everything else is a bound value.
//!
//! Aliases: `r` is the record's row, `b` its base's row, `l3` the row that field 3 links to, `lb3` that row's base.

use palisade_base::{Instant, PersonId, RecordId};
use palisade_store::{Conn, Engine, Row, SqlBuilder, StoreError, Value, ValueKind, WriteTx};

use crate::{
    Archived, Cell, Kind, ListRequest, Record, RecordType,
    policy::{Reach, RowFilter, View},
};

impl RowFilter {
    /// The filter as a condition on the row `r` (and its base `b`), in brackets where it needs them: `WHERE …` or `AND …`
    /// it. Hand-written SQL of apps takes the rows that this lets through, and no others.
    #[must_use]
    pub fn condition(&self) -> SqlBuilder {
        let mut sql = self.reached();
        if let (Some(person), Some(own)) = (self.except_own, self.rules.own) {
            sql.push(" AND NOT (");
            push_rule(&mut sql, own, person);
            sql.push(")");
        }
        sql
    }

    fn reached(&self) -> SqlBuilder {
        let (person, rules) = match self.reach {
            Reach::Everything => return SqlBuilder::new("TRUE"),
            Reach::Nothing => return SqlBuilder::new("FALSE"),
            Reach::Own(person) => (person, [self.rules.own, None]),
            Reach::Team(person) => (person, [self.rules.own, self.rules.team]),
        };
        let mut sql = SqlBuilder::new("(FALSE");
        for rule in rules.into_iter().flatten() {
            sql.push(" OR (");
            push_rule(&mut sql, rule, person);
            sql.push(")");
        }
        sql.push(")");
        sql
    }
}

/// A rule with the person bound at each `?`.
fn push_rule(sql: &mut SqlBuilder, rule: &'static str, person: PersonId) {
    let mut parts = rule.split('?');
    sql.push(parts.next().unwrap_or_default());
    for part in parts {
        sql.value(person).push(part);
    }
}

/// The column of a field in its own row or its base's.
fn column(sql: &mut SqlBuilder, ty: &'static RecordType, index: usize) {
    if let Some(field) = ty.fields.get(index) {
        sql.push(if field.is_shared { "b." } else { "r." }).ident(field.column);
    }
}

/// The field as the caller sees it: empty in rows where it is not theirs to see. Used for showing, filtering, searching
/// and sorting alike, so that no question about a hidden value gets an answer.
fn seen(sql: &mut SqlBuilder, ty: &'static RecordType, view: &View, index: usize) {
    guarded(sql, view.seen.get(index), |sql| column(sql, ty, index));
}

fn guarded(sql: &mut SqlBuilder, filter: Option<&RowFilter>, expression: impl FnOnce(&mut SqlBuilder)) {
    match filter {
        Some(filter) if filter.is_open() => expression(sql),
        Some(filter) => {
            sql.push("CASE WHEN ").append(&filter.condition()).push(" THEN ");
            expression(sql);
            sql.push(" END");
        }
        None => {
            sql.push("NULL");
        }
    }
}

/// `FROM` the type's table with its base.
fn from(sql: &mut SqlBuilder, ty: &'static RecordType) {
    sql.push(" FROM ").ident(ty.table).push(" r");
    if let Some(base) = &ty.base {
        sql.push(" JOIN ").ident(base.of.table).push(" b ON b.id = r.").ident(base.link);
    }
}

/// Joins what the fields link to, for titles and sorting.
fn join_links(sql: &mut SqlBuilder, ty: &'static RecordType) {
    for (index, field) in ty.fields.iter().enumerate() {
        let Kind::Link(to) = field.kind else { continue };
        sql.push(" LEFT JOIN ").ident(to.table).push(" ").numbered("l", index).push(" ON ").numbered("l", index);
        sql.push(".id = ");
        column(sql, ty, index);
        if let Some(base) = &to.base {
            sql.push(" LEFT JOIN ").ident(base.of.table).push(" ").numbered("lb", index).push(" ON ");
            sql.numbered("lb", index).push(".id = ").numbered("l", index).push(".").ident(base.link);
        }
    }
}

/// A column of the record that field `index` links to.
fn linked_column(sql: &mut SqlBuilder, to: &'static RecordType, index: usize, name: &'static str) {
    let field = to.field(name);
    let is_shared = field.is_some_and(|field| field.is_shared);
    let column = field.map_or(name, |field| field.column);
    sql.numbered(if is_shared { "lb" } else { "l" }, index).push(".").ident(column);
}

fn linked_title(sql: &mut SqlBuilder, to: &'static RecordType, index: usize) {
    for (n, name) in to.title.iter().enumerate() {
        if n > 0 {
            sql.push(" || ' ' || ");
        }
        linked_column(sql, to, index, name);
    }
}

fn select(ty: &'static RecordType, view: &View) -> SqlBuilder {
    let mut sql = SqlBuilder::new(
        "SELECT r.id AS id, r.version AS version, r.created_at AS created_at, \
         r.updated_at AS updated_at, r.archived_at AS archived_at",
    );
    if ty.base.is_some() {
        sql.push(", b.id AS base_id, b.version AS base_version, b.updated_at AS base_updated_at");
    }
    for (index, field) in ty.fields.iter().enumerate() {
        sql.push(", ");
        seen(&mut sql, ty, view, index);
        sql.push(" AS ").numbered("f", index);
        if let Kind::Link(to) = field.kind {
            sql.push(", ");
            guarded(&mut sql, view.seen.get(index), |sql| linked_title(sql, to, index));
            sql.push(" AS ").numbered("t", index);
        }
        for (filter, prefix) in [(view.seen.get(index), "s"), (view.settable.get(index), "w")] {
            if let Some(filter) = filter.filter(|filter| needs_flag(filter)) {
                sql.push(", CASE WHEN ").append(&filter.condition()).push(" THEN CAST(1 AS BIGINT) ");
                sql.push("ELSE CAST(0 AS BIGINT) END AS ").numbered(prefix, index);
            }
        }
    }
    if let Some((index, to, name)) = subject_link(ty) {
        sql.push(", ");
        linked_column(&mut sql, to, index, name);
        sql.push(" AS subject");
    }
    from(&mut sql, ty);
    join_links(&mut sql, ty);
    sql
}

/// Where the record is about a record that is about a person: the link by its place, what it links to, and the column
/// there that holds the person.
fn subject_link(ty: &'static RecordType) -> Option<(usize, &'static RecordType, &'static str)> {
    let index = ty.position(ty.subject?)?;
    match ty.fields.get(index)?.kind {
        Kind::Link(to) => to.subject.filter(|name| *name != "id").map(|name| (index, to, name)),
        _ => None,
    }
}

/// Whether it depends on the row.
fn needs_flag(filter: &RowFilter) -> bool {
    !filter.is_open() && !filter.is_closed()
}

fn conditions(sql: &mut SqlBuilder, ty: &'static RecordType, view: &View, request: &ListRequest, engine: Engine) {
    sql.push(" WHERE ").append(&view.rows.condition());
    match request.archived {
        Archived::Without => sql.push(" AND r.archived_at IS NULL"),
        Archived::Only => sql.push(" AND r.archived_at IS NOT NULL"),
        Archived::With => sql,
    };
    for (index, value) in &request.filters {
        sql.push(" AND ");
        seen(sql, ty, view, *index);
        sql.push(" = ").value(value.clone());
    }
    for (index, least, greatest) in &request.ranges {
        for (bound, sign) in [(least, " >= "), (greatest, " <= ")] {
            if let Some(bound) = bound {
                sql.push(" AND ");
                seen(sql, ty, view, *index);
                sql.push(sign).value(bound.clone());
            }
        }
    }
    for word in request.search.iter().flat_map(|text| text.split_whitespace()).take(8) {
        sql.push(" AND (FALSE");
        for (index, _) in ty.fields.iter().enumerate().filter(|(_, field)| field.is_searchable) {
            sql.push(" OR ");
            seen(sql, ty, view, index);
            // SQLite's LIKE takes small and capital letters as equal, as ILIKE does.
            sql.push(if engine == Engine::Postgres { " ILIKE " } else { " LIKE " });
            sql.value(like_pattern(word)).push(" ESCAPE '!'");
        }
        sql.push(")");
    }
}

fn like_pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn order_by(sql: &mut SqlBuilder, ty: &'static RecordType, view: &View, request: &ListRequest) {
    sql.push(" ORDER BY ");
    if let Some(index) = request.sort {
        order_by_field(sql, ty, view, index, request.is_descending);
    }
    for name in ty.sort {
        if let Some(index) = ty.position(name) {
            order_by_field(sql, ty, view, index, request.sort.is_none() && request.is_descending);
        }
    }
    // Without a last word, rows that are equal so far could change places between pages.
    sql.push("r.id");
}

fn order_by_field(sql: &mut SqlBuilder, ty: &'static RecordType, view: &View, index: usize, is_descending: bool) {
    let direction = if is_descending { " DESC NULLS LAST, " } else { " ASC NULLS LAST, " };
    let Some(field) = ty.fields.get(index) else { return };
    if let Kind::Link(to) = field.kind {
        for name in to.sort {
            let kind = to.field(name).map(|field| field.kind);
            guarded(sql, view.seen.get(index), |sql| {
                lowered(sql, kind, |sql| linked_column(sql, to, index, name));
            });
            sql.push(direction);
        }
    } else {
        lowered(sql, Some(field.kind), |sql| seen(sql, ty, view, index));
        sql.push(direction);
    }
}

/// Texts are sorted and compared without regard to capitals.
fn lowered(sql: &mut SqlBuilder, kind: Option<Kind>, expression: impl FnOnce(&mut SqlBuilder)) {
    let is_text = kind.is_some_and(|kind| kind.stored_as() == ValueKind::Text);
    sql.push(if is_text { "lower(" } else { "(" });
    expression(sql);
    sql.push(")");
}

pub(crate) async fn list(
    conn: &mut Conn,
    ty: &'static RecordType,
    view: &View,
    request: &ListRequest,
) -> Result<Vec<Record>, StoreError> {
    let mut sql = select(ty, view);
    conditions(&mut sql, ty, view, request, conn.engine());
    order_by(&mut sql, ty, view, request);
    sql.push(" LIMIT ").value(bounded(request.limit)).push(" OFFSET ").value(bounded(request.offset));
    conn.fetch_all(sql.build()).await?.iter().map(|row| read(row, ty, view)).collect()
}

fn bounded(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) async fn count(
    conn: &mut Conn,
    ty: &'static RecordType,
    view: &View,
    request: &ListRequest,
) -> Result<u64, StoreError> {
    let mut sql = SqlBuilder::new("SELECT count(*) AS n");
    from(&mut sql, ty);
    conditions(&mut sql, ty, view, request, conn.engine());
    let number: i64 = conn.fetch_one(sql.build()).await?.get("n")?;
    Ok(number.unsigned_abs())
}

pub(crate) async fn find(
    conn: &mut Conn,
    ty: &'static RecordType,
    view: &View,
    id: RecordId,
) -> Result<Option<Record>, StoreError> {
    let mut sql = select(ty, view);
    sql.push(" WHERE r.id = ").value(id).push(" AND ").append(&view.rows.condition());
    conn.fetch_optional(sql.build()).await?.map(|row| read(&row, ty, view)).transpose()
}

fn read(row: &Row, ty: &'static RecordType, view: &View) -> Result<Record, StoreError> {
    let own_version: i64 = row.get("version")?;
    let mut updated_at: Instant = row.get("updated_at")?;
    let mut base = None;
    if ty.base.is_some() {
        base = Some((row.get("base_id")?, row.get("base_version")?));
        updated_at = updated_at.max(row.get("base_updated_at")?);
    }
    let cells = (0..ty.fields.len()).map(|index| read_cell(row, ty, view, index));
    Ok(Record {
        ty,
        id: row.get("id")?,
        version: own_version + base.map_or(0, |(_, version)| version),
        created_at: row.get("created_at")?,
        updated_at,
        archived_at: row.get("archived_at")?,
        cells: cells.collect::<Result<_, _>>()?,
        linked_subject: if subject_link(ty).is_some() { row.get("subject")? } else { None },
        own_version,
        base,
    })
}

fn read_cell(row: &Row, ty: &'static RecordType, view: &View, index: usize) -> Result<Cell, StoreError> {
    let kind = ty.fields[index].kind;
    let flag = |filter: &RowFilter, prefix: char| match needs_flag(filter) {
        true => row.get::<i64>(&format!("{prefix}{index}")).map(|flag| flag == 1),
        false => Ok(filter.is_open()),
    };
    let is_shown = flag(&view.seen[index], 's')?;
    let linked_title = match kind {
        Kind::Link(_) => row.get(&format!("t{index}"))?,
        _ => None,
    };
    Ok(Cell {
        value: row.value(&format!("f{index}"), kind.stored_as())?,
        is_shown,
        is_settable: is_shown && flag(&view.settable[index], 'w')?,
        linked_title,
    })
}

/// Whether the row is one that all these filters let through.
pub(crate) async fn is_within(
    conn: &mut Conn,
    ty: &'static RecordType,
    id: RecordId,
    filters: &[RowFilter],
) -> Result<bool, StoreError> {
    let mut sql = SqlBuilder::new("SELECT r.id AS id");
    from(&mut sql, ty);
    sql.push(" WHERE r.id = ").value(id);
    for filter in filters {
        sql.push(" AND ").append(&filter.condition());
    }
    Ok(conn.fetch_optional(sql.build()).await?.is_some())
}

/// A row that has these values in these fields, other than `except`: its id, and whether it is out of use. Texts are
/// compared without regard to capitals.
pub(crate) async fn find_by_fields(
    conn: &mut Conn,
    ty: &'static RecordType,
    fields: &[(usize, Value)],
    except: Option<RecordId>,
) -> Result<Option<(RecordId, bool)>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT r.id AS id, r.archived_at AS archived_at");
    from(&mut sql, ty);
    sql.push(" WHERE TRUE");
    for (index, value) in fields {
        let kind = ty.fields.get(*index).map(|field| field.kind);
        sql.push(" AND ");
        lowered(&mut sql, kind, |sql| column(sql, ty, *index));
        sql.push(" = ");
        lowered(&mut sql, kind, |sql| {
            sql.value(value.clone());
        });
    }
    if let Some(id) = except {
        sql.push(" AND r.id <> ").value(id);
    }
    sql.push(" LIMIT 1");
    let row = conn.fetch_optional(sql.build()).await?;
    row.map(|row| Ok((row.get("id")?, row.get::<Option<Instant>>("archived_at")?.is_some()))).transpose()
}

/// Rows in use that have this value in this field, oldest first; no more than are told by name.
pub(crate) async fn in_use_with(
    conn: &mut Conn,
    ty: &'static RecordType,
    (index, value): (usize, &Value),
) -> Result<Vec<RecordId>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT r.id AS id");
    from(&mut sql, ty);
    sql.push(" WHERE r.archived_at IS NULL AND ");
    column(&mut sql, ty, index);
    sql.push(" = ").value(value.clone()).push(" ORDER BY r.id LIMIT 10");
    conn.fetch_all(sql.build()).await?.iter().map(|row| row.get("id")).collect()
}

/// Adds a row of `ty` alone; a base's row is added by a call of its own.
pub(crate) async fn insert(
    tx: &mut WriteTx,
    ty: &'static RecordType,
    id: RecordId,
    values: &[(&'static str, Value)],
    now: Instant,
) -> Result<(), StoreError> {
    let mut sql = SqlBuilder::new("INSERT INTO ");
    sql.ident(ty.table).push(" (id, version, created_at, updated_at");
    for (name, _) in values {
        sql.push(", ").ident(name);
    }
    sql.push(") VALUES (").value(id).push(", 1, ").value(now).push(", ").value(now);
    for (_, value) in values {
        sql.push(", ").value(value.clone());
    }
    sql.push(")");
    tx.execute(sql.build()).await.map(drop)
}

/// Changes a row of `ty` alone, if it still has that version; `false` where it does not.
pub(crate) async fn update(
    tx: &mut WriteTx,
    ty: &'static RecordType,
    (id, version): (RecordId, i64),
    values: &[(&'static str, Value)],
    now: Instant,
) -> Result<bool, StoreError> {
    let mut sql = SqlBuilder::new("UPDATE ");
    sql.ident(ty.table).push(" SET version = version + 1, updated_at = ").value(now);
    for (name, value) in values {
        sql.push(", ").ident(name).push(" = ").value(value.clone());
    }
    sql.push(" WHERE id = ").value(id).push(" AND version = ").value(version);
    Ok(tx.execute(sql.build()).await? == 1)
}

/// Removes a row, if it still has that version. Only for taking back what an import made.
pub(crate) async fn delete(
    tx: &mut WriteTx,
    ty: &'static RecordType,
    (id, version): (RecordId, i64),
) -> Result<bool, StoreError> {
    let mut sql = SqlBuilder::new("DELETE FROM ");
    sql.ident(ty.table).push(" WHERE id = ").value(id).push(" AND version = ").value(version);
    Ok(tx.execute(sql.build()).await? == 1)
}
