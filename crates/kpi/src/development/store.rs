//! What the review of an evaluation can close, and teams whose leader has left.

use palisade_base::{Date, Instant, RecordId};
use palisade_records::RowFilter;
use palisade_store::{Conn, SqlBuilder, StoreError, WriteTx, statements};

use super::progress::{About, Aim};

statements! {
    /// Somebody's open goals.
    OPEN_GOALS = "SELECT id, version, skill_id, category_id, tool_id, target_tenths FROM goal \
                  WHERE employee_id = $1 AND state = 'open' AND archived_at IS NULL ORDER BY id";
    /// A goal is reached.
    CLOSE_GOAL = "UPDATE goal SET state = 'reached', closed_by_id = $1, closed_on = $2, version = version + 1, \
                  updated_at = $3 WHERE id = $4 AND version = $5";
    /// Somebody's approved requests for training in a skill or a tool of the catalogue.
    APPROVED_REQUESTS = "SELECT id, version, skill_id, tool_id, decided_on FROM training_request \
                         WHERE employee_id = $1 AND state = 'approved' AND archived_at IS NULL \
                         AND (skill_id IS NOT NULL OR tool_id IS NOT NULL) AND decided_on IS NOT NULL ORDER BY id";
    /// A request is done.
    CLOSE_REQUEST = "UPDATE training_request SET state = 'done', closed_by_id = $1, version = version + 1, \
                     updated_at = $2 WHERE id = $3 AND version = $4";
    /// How managers had rated a skill of somebody's last, up to a day, in evaluations other than one.
    RATING_BEFORE = "SELECT m.rating AS rating FROM evaluation e JOIN evaluation_skill m ON m.evaluation_id = e.id \
                     WHERE e.employee_id = $1 AND m.skill_id = $2 AND e.id <> $3 AND e.evaluated_on <= $4 \
                     AND e.kind = 'manager' AND e.state <> 'draft' AND e.archived_at IS NULL AND m.rating IS NOT NULL \
                     ORDER BY e.evaluated_on DESC, e.created_at DESC, e.id DESC LIMIT 1";
}

/// The teams in use whose leader does not work here any more, among the rows of the filter: id, name, and the leader's.
pub(super) async fn led_by_leavers(
    conn: &mut Conn,
    teams: &RowFilter,
) -> Result<Vec<(RecordId, String, String)>, StoreError> {
    let mut sql = SqlBuilder::new(
        "SELECT r.id AS id, r.name AS name, p.given_name || ' ' || p.family_name AS leader FROM team r \
         JOIN employee e ON e.person_id = r.manager_id JOIN person p ON p.id = r.manager_id \
         WHERE r.archived_at IS NULL AND e.archived_at IS NOT NULL AND ",
    );
    sql.append(&teams.condition()).push(" ORDER BY r.name, r.id");
    let rows = conn.fetch_all(sql.build()).await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("name")?, row.get("leader")?))).collect()
}

/// A row that a review may close.
pub(super) struct Open<T> {
    pub(super) id: RecordId,
    pub(super) version: i64,
    pub(super) what: T,
}

/// An approved request: what it is about, and the day since when it counts.
pub(super) struct Training {
    pub(super) about: About,
    pub(super) since: Date,
}

pub(super) async fn open_goals(conn: &mut Conn, employee: RecordId) -> Result<Vec<Open<Aim>>, StoreError> {
    let mut goals = Vec::new();
    for row in conn.fetch_all(OPEN_GOALS.bind(employee)).await? {
        let links = (row.get("skill_id")?, row.get("category_id")?, row.get("tool_id")?);
        if let Some(what) = Aim::new(links, row.get("target_tenths")?) {
            goals.push(Open { id: row.get("id")?, version: row.get("version")?, what });
        }
    }
    Ok(goals)
}

pub(super) async fn close_goal(
    tx: &mut WriteTx,
    (id, version): (RecordId, i64),
    evaluation: RecordId,
    (today, now): (Date, Instant),
) -> Result<bool, StoreError> {
    let sql = CLOSE_GOAL.bind(evaluation).bind(today).bind(now).bind(id).bind(version);
    Ok(tx.execute(sql).await? == 1)
}

pub(super) async fn approved_requests(conn: &mut Conn, employee: RecordId) -> Result<Vec<Open<Training>>, StoreError> {
    let mut requests = Vec::new();
    for row in conn.fetch_all(APPROVED_REQUESTS.bind(employee)).await? {
        let (skill, tool) = (row.get::<Option<RecordId>>("skill_id")?, row.get::<Option<RecordId>>("tool_id")?);
        if let Some(about) = skill.map(About::Skill).or(tool.map(About::Tool)) {
            let what = Training { about, since: row.get("decided_on")? };
            requests.push(Open { id: row.get("id")?, version: row.get("version")?, what });
        }
    }
    Ok(requests)
}

pub(super) async fn close_request(
    tx: &mut WriteTx,
    (id, version): (RecordId, i64),
    evaluation: RecordId,
    now: Instant,
) -> Result<bool, StoreError> {
    let sql = CLOSE_REQUEST.bind(evaluation).bind(now).bind(id).bind(version);
    Ok(tx.execute(sql).await? == 1)
}

pub(super) async fn rating_before(
    conn: &mut Conn,
    (employee, skill): (RecordId, RecordId),
    except: RecordId,
    day: Date,
) -> Result<Option<i64>, StoreError> {
    let sql = RATING_BEFORE.bind(employee).bind(skill).bind(except).bind(day);
    conn.fetch_optional(sql).await?.map(|row| row.get("rating")).transpose()
}
