//! The SQL of standings.

use std::{
    collections::{HashMap, HashSet},
    fmt::Display,
};

use palisade_base::{Error, Instant, RecordId};
use palisade_records::RowFilter;
use palisade_store::{Conn, Row, SqlBuilder, StoreError, WriteTx, statements};

use super::{
    Member, Source, Standing,
    pack::{self, CategoryEntry, SkillEntry, ToolEntry},
    project::{Categories, Past, Projection},
    slots::Slots,
};
use crate::scoring::{Group, Item};

statements! {
    /// Keeps everybody else from making this employee's standing anew until the transaction ends. SQLite has one writer.
    HOLD = {
        sqlite: "SELECT id FROM employee WHERE id = $1",
        postgres: "SELECT id FROM employee WHERE id = $1 FOR NO KEY UPDATE",
    };
    /// What of the catalogue has no slot yet.
    WITHOUT_SLOT = "SELECT count(*) AS n FROM (SELECT id FROM skill UNION ALL SELECT id FROM tool \
                    UNION ALL SELECT id FROM skill_category) i \
                    WHERE NOT EXISTS (SELECT 1 FROM slot s WHERE s.item_id = i.id)";
    /// Gives it one, behind all that there are. Another transaction may be doing the same.
    ASSIGN_SLOTS = "INSERT INTO slot (item_id, number) \
                    SELECT i.id, (SELECT coalesce(max(s.number), 0) FROM slot s) + row_number() OVER (ORDER BY i.id) \
                    FROM (SELECT id FROM skill UNION ALL SELECT id FROM tool UNION ALL SELECT id FROM skill_category) i \
                    WHERE NOT EXISTS (SELECT 1 FROM slot s WHERE s.item_id = i.id) ON CONFLICT DO NOTHING";
    /// All slots.
    SLOTS = "SELECT item_id, number FROM slot";
    /// The category of each skill in use.
    CATEGORIES = "SELECT s.number AS skill, c.number AS category FROM skill k \
                  JOIN skill_category g ON g.id = k.category_id \
                  JOIN slot s ON s.item_id = k.id JOIN slot c ON c.item_id = g.id \
                  WHERE k.archived_at IS NULL AND g.archived_at IS NULL";
    /// The versions of all skills and their categories, added up: it changes with every change of theirs.
    CATALOGUE = "SELECT CAST(coalesce(sum(c.version), 0) AS BIGINT) AS n FROM (SELECT version FROM skill \
                 UNION ALL SELECT version FROM skill_category) c";
    /// Somebody's evaluations that are no drafts.
    PAST = "SELECT id, kind, state, evaluated_on, created_at, amends_id, archived_at FROM evaluation \
            WHERE employee_id = $1 AND state <> 'draft'";
    /// Their ratings.
    SKILL_MARKS = "SELECT m.evaluation_id AS evaluation_id, s.number AS slot, m.rating AS rating FROM evaluation e \
                   JOIN evaluation_skill m ON m.evaluation_id = e.id JOIN slot s ON s.item_id = m.skill_id \
                   WHERE e.employee_id = $1 AND e.state <> 'draft' AND m.rating IS NOT NULL";
    /// Their answers about tools.
    TOOL_MARKS = "SELECT m.evaluation_id AS evaluation_id, s.number AS slot, m.can_operate AS can_operate, \
                  m.truck_stock AS truck_stock FROM evaluation e \
                  JOIN evaluation_tool m ON m.evaluation_id = e.id JOIN slot s ON s.item_id = m.tool_id \
                  WHERE e.employee_id = $1 AND e.state <> 'draft'";
    /// Where they stand.
    WRITE_STANDING = "INSERT INTO standing \
                      (employee_id, skills, tools, manager_on, self_on, evaluations, catalogue) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (employee_id) DO UPDATE SET \
                      skills = excluded.skills, tools = excluded.tools, manager_on = excluded.manager_on, \
                      self_on = excluded.self_on, evaluations = excluded.evaluations, \
                      catalogue = excluded.catalogue";
    /// Where they stood.
    WRITE_HISTORY = "INSERT INTO standing_history (employee_id, recent, earlier) VALUES ($1, $2, $3) \
                     ON CONFLICT (employee_id) DO UPDATE SET recent = excluded.recent, earlier = excluded.earlier";
    /// The quarters of everybody, newest first.
    HISTORIES = "SELECT employee_id, recent, earlier FROM standing_history";
    /// Employees with evaluations whose standing is missing, made with another catalogue, or of another layout.
    STALE = {
        sqlite: "SELECT m.id AS id FROM employee m LEFT JOIN standing s ON s.employee_id = m.id \
                 WHERE (s.employee_id IS NULL OR s.catalogue <> $1 OR substr(s.skills, 1, 1) <> $2) \
                 AND EXISTS (SELECT 1 FROM evaluation e WHERE e.employee_id = m.id AND e.state <> 'draft') ORDER BY m.id",
        postgres: "SELECT m.id AS id FROM employee m LEFT JOIN standing s ON s.employee_id = m.id \
                   WHERE (s.employee_id IS NULL OR s.catalogue <> $1 OR substring(s.skills FROM 1 FOR 1) <> $2) \
                   AND EXISTS (SELECT 1 FROM evaluation e WHERE e.employee_id = m.id AND e.state <> 'draft') ORDER BY m.id",
    };
    /// Employees with evaluations.
    EVALUATED = "SELECT DISTINCT employee_id AS id FROM evaluation WHERE state <> 'draft' ORDER BY employee_id";
}

/// How many quarters lie in the column of the newest.
const RECENT_QUARTERS: usize = 8;

/// Waits for whoever else is at this employee's evaluations, and keeps others out until the transaction ends.
pub(super) async fn hold(tx: &mut WriteTx, employee: RecordId) -> Result<(), StoreError> {
    tx.fetch_optional(HOLD.bind(employee)).await.map(drop)
}

/// Gives everything in the catalogue a slot that has none yet.
pub(super) async fn assign_slots(tx: &mut WriteTx) -> Result<(), StoreError> {
    // Where another transaction takes the same numbers, what is left gets the next; each round waits for its commit.
    for _ in 0..20 {
        if tx.fetch_one(WITHOUT_SLOT.sql()).await?.get::<i64>("n")? == 0 {
            return Ok(());
        }
        tx.execute(ASSIGN_SLOTS.sql()).await?;
    }
    Err(StoreError::Other("the catalogue's slots are being given by too many at once".into()))
}

/// What stands in each slot.
pub(super) async fn slots(conn: &mut Conn) -> Result<Vec<(RecordId, u16)>, StoreError> {
    conn.fetch_all(SLOTS.sql()).await?.iter().map(|row| Ok((row.get("item_id")?, slot(row, "number")?))).collect()
}

fn undecodable(column: &str, error: impl Display) -> StoreError {
    StoreError::Decode { column: column.to_owned(), message: error.to_string() }
}

fn slot(row: &Row, column: &str) -> Result<u16, StoreError> {
    u16::try_from(row.get::<i64>(column)?).map_err(|_| undecodable(column, "the slots have run out"))
}

/// The category of each skill in use, and the catalogue's version.
pub(super) async fn categories(conn: &mut Conn) -> Result<(Categories, i64), StoreError> {
    let rows = conn.fetch_all(CATEGORIES.sql()).await?;
    let categories = rows.iter().map(|row| Ok((slot(row, "skill")?, slot(row, "category")?)));
    Ok((categories.collect::<Result<_, StoreError>>()?, catalogue(conn).await?))
}

async fn catalogue(conn: &mut Conn) -> Result<i64, StoreError> {
    conn.fetch_one(CATALOGUE.sql()).await?.get("n")
}

/// Somebody's evaluations that are no drafts, with their marks.
pub(super) async fn past(conn: &mut Conn, employee: RecordId) -> Result<Vec<Past>, StoreError> {
    let rows = conn.fetch_all(PAST.bind(employee)).await?;
    let mut past: Vec<Past> = rows.iter().map(read_past).collect::<Result<_, _>>()?;
    let places: HashMap<RecordId, usize> = past.iter().enumerate().map(|(at, past)| (past.id, at)).collect();
    let place = |row: &Row| Ok::<_, StoreError>(places.get(&row.get("evaluation_id")?).copied());
    for row in conn.fetch_all(SKILL_MARKS.bind(employee)).await? {
        let rating = u8::try_from(row.get::<i64>("rating")?).map_err(|e| undecodable("rating", e))?;
        if let Some(past) = place(&row)?.and_then(|at| past.get_mut(at)) {
            past.skills.push((slot(&row, "slot")?, rating));
        }
    }
    for row in conn.fetch_all(TOOL_MARKS.bind(employee)).await? {
        if let Some(past) = place(&row)?.and_then(|at| past.get_mut(at)) {
            past.tools.push((slot(&row, "slot")?, row.get("can_operate")?, row.get("truck_stock")?));
        }
    }
    Ok(past)
}

fn read_past(row: &Row) -> Result<Past, StoreError> {
    let is_reviewed = row.get::<String>("state")? == "reviewed";
    let is_own = row.get::<String>("kind")? == "self";
    let source = match (is_own, is_reviewed) {
        (true, _) => Source::SelfRated,
        (false, false) => Source::Manager,
        (false, true) => Source::Reviewed,
    };
    Ok(Past {
        id: row.get("id")?,
        source,
        is_reviewed,
        on: row.get("evaluated_on")?,
        created_at: row.get("created_at")?,
        amends: row.get("amends_id")?,
        is_archived: row.get::<Option<Instant>>("archived_at")?.is_some(),
        skills: Vec::new(),
        tools: Vec::new(),
    })
}

/// Writes where somebody stands, and stood.
pub(super) async fn write(
    tx: &mut WriteTx,
    employee: RecordId,
    projection: &Projection,
    catalogue: i64,
) -> Result<(), StoreError> {
    let standing = WRITE_STANDING
        .bind(employee)
        .bind(pack::pack(&projection.skills))
        .bind(pack::pack(&projection.tools))
        .bind(projection.manager_on)
        .bind(projection.self_on)
        .bind(i64::from(projection.evaluations))
        .bind(catalogue);
    tx.execute(standing).await?;
    let quarters = projection.quarters.chunk_by(|a, b| a.quarter == b.quarter);
    let recent: usize = quarters.take(RECENT_QUARTERS).map(<[CategoryEntry]>::len).sum();
    let (recent, earlier) = projection.quarters.split_at(recent);
    tx.execute(WRITE_HISTORY.bind(employee).bind(pack::pack(recent)).bind(pack::pack(earlier))).await.map(drop)
}

/// Employees whose standing has to be made anew: those where it is missing or out of date, or all who were evaluated.
pub(super) async fn to_rebuild(conn: &mut Conn, everybody: bool) -> Result<Vec<RecordId>, StoreError> {
    let sql = match everybody {
        true => EVALUATED.sql(),
        false => STALE.bind(catalogue(conn).await?).bind(vec![pack::VERSION]),
    };
    conn.fetch_all(sql).await?.iter().map(|row| row.get("id")).collect()
}

/// A table of categories and the table of what is in them.
pub(super) enum Shelf {
    Skills,
    Tools,
}

/// The categories in use with what is in use in them.
pub(super) async fn groups(conn: &mut Conn, shelf: &Shelf) -> Result<Vec<Group>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT g.id AS group_id, g.name AS group_name, r.id AS id, r.name AS name FROM ");
    sql.push(match shelf {
        Shelf::Skills => "skill_category g LEFT JOIN skill r ON r.category_id = g.id",
        Shelf::Tools => "tool_category g LEFT JOIN tool r ON r.category_id = g.id",
    });
    sql.push(" AND r.archived_at IS NULL WHERE g.archived_at IS NULL");
    sql.push(" ORDER BY g.display_order, lower(g.name), g.id, r.display_order, lower(r.name), r.id");
    let mut groups: Vec<Group> = Vec::new();
    for row in conn.fetch_all(sql.build()).await? {
        let id: RecordId = row.get("group_id")?;
        if groups.last().is_none_or(|group| group.id != id) {
            groups.push(Group { id, name: row.get("group_name")?, items: Vec::new() });
        }
        if let (Some(group), Some(id)) = (groups.last_mut(), row.get::<Option<RecordId>>("id")?) {
            group.items.push(Item { id, name: row.get("name")? });
        }
    }
    Ok(groups)
}

/// The employees that this filter of employees lets through.
pub(crate) async fn reached(conn: &mut Conn, filter: &RowFilter) -> Result<HashSet<RecordId>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT r.id AS id FROM employee r WHERE ");
    sql.append(&filter.condition());
    conn.fetch_all(sql.build()).await?.iter().map(|row| row.get("id")).collect()
}

/// A member as stored: the standing is still packed.
pub(super) struct PackedMember {
    /// Without current skills and tools.
    pub(super) member: Member,
    pub(super) is_archived: bool,
    packed: Option<Packed>,
}

/// Current skills and tools, in the order of their slots.
pub(super) struct Packed {
    pub(super) skills: Vec<SkillEntry>,
    pub(super) tools: Vec<ToolEntry>,
}

impl PackedMember {
    /// The member with what is packed.
    pub(super) fn unpack(self, slots: &Slots) -> Result<Member, Error> {
        let Self { member, packed: Some(packed), .. } = self else { return Ok(self.member) };
        let standing = slots.unpack(&packed, Standing::clone(&member.standing));
        let standing = standing.ok_or_else(|| Error::internal("a standing speaks of a slot that nothing stands in"))?;
        Ok(Member { standing: standing.into(), ..member })
    }
}

/// One employee, or everybody who works or has worked here, by name. Everything that is known of them: whoever shows it
/// decides what of it the caller may see.
pub(super) async fn members(conn: &mut Conn, employee: Option<RecordId>) -> Result<Vec<PackedMember>, StoreError> {
    let mut sql = SqlBuilder::new(
        "SELECT r.id AS id, r.person_id AS person_id, b.given_name || ' ' || b.family_name AS name, \
         r.tier_id AS tier_id, t.number AS tier_number, t.name AS tier_name, r.team_id AS team_id, m.name AS team_name, \
         r.archived_at AS archived_at, s.skills AS skills, s.tools AS tools, s.manager_on AS manager_on, \
         s.self_on AS self_on, s.evaluations AS evaluations \
         FROM employee r JOIN person b ON b.id = r.person_id JOIN tier t ON t.id = r.tier_id \
         LEFT JOIN team m ON m.id = r.team_id LEFT JOIN standing s ON s.employee_id = r.id",
    );
    if let Some(employee) = employee {
        sql.push(" WHERE r.id = ").value(employee);
    }
    sql.push(" ORDER BY lower(b.family_name), lower(b.given_name), r.id");
    conn.fetch_all(sql.build()).await?.iter().map(read_member).collect()
}

fn read_member(row: &Row) -> Result<PackedMember, StoreError> {
    let employee: RecordId = row.get("id")?;
    let evaluations: Option<i64> = row.get("evaluations")?;
    let standing = Standing {
        manager_on: row.get("manager_on")?,
        self_on: row.get("self_on")?,
        evaluations: evaluations.and_then(|number| u32::try_from(number).ok()).unwrap_or_default(),
        ..Standing::empty(employee)
    };
    let member = Member {
        employee,
        person: row.get("person_id")?,
        name: row.get("name")?,
        tier: row.get("tier_id")?,
        tier_number: row.get("tier_number")?,
        tier_name: row.get("tier_name")?,
        team: row.get("team_id")?,
        team_name: row.get("team_name")?,
        standing: standing.into(),
    };
    let packed = match evaluations {
        Some(_) => Some(Packed { skills: unpacked(row, "skills")?, tools: unpacked(row, "tools")? }),
        None => None,
    };
    Ok(PackedMember { member, is_archived: row.get::<Option<Instant>>("archived_at")?.is_some(), packed })
}

fn unpacked<E: pack::Entry>(row: &Row, column: &str) -> Result<Vec<E>, StoreError> {
    pack::unpack(&row.get::<Vec<u8>>(column)?).map_err(|e| undecodable(column, e))
}

/// The quarters of everybody: of each, newest first.
pub(super) async fn histories(conn: &mut Conn) -> Result<Vec<(RecordId, Vec<CategoryEntry>)>, StoreError> {
    let read = |row: &Row| {
        let mut entries = unpacked(row, "recent")?;
        entries.extend(unpacked::<CategoryEntry>(row, "earlier")?);
        Ok((row.get("employee_id")?, entries))
    };
    conn.fetch_all(HISTORIES.sql()).await?.iter().map(read).collect()
}
