//! The conditions that say which rows are somebody's own, and which are their team's. `r` is the record's row, `?` the
//! person who asks.

use palisade_records::RowRules;

/// One's own record; and those of the teams in use that one manages: whose team is dissolved leads nobody any more.
pub(crate) const EMPLOYEE_ROWS: RowRules = RowRules {
    own: Some("r.person_id = ?"),
    team: Some("r.team_id IN (SELECT t.id FROM team t WHERE t.manager_id = ? AND t.archived_at IS NULL)"),
};

/// The team that one is in; and those that one manages.
pub(crate) const TEAM_ROWS: RowRules = RowRules {
    own: Some("r.id IN (SELECT e.team_id FROM employee e WHERE e.person_id = ?)"),
    team: Some("r.manager_id = ?"),
};

/// A draft is seen by its author only. Of what was handed in, one's own is what is about oneself; one's team's is about the
/// people of the teams in use that one manages, or was sent to oneself for review. A draft about somebody who has changed
/// the team since stays its author's.
pub(crate) const EVALUATION_ROWS: RowRules = RowRules {
    own: Some(
        "(r.state <> 'draft' OR r.evaluator_id = ?) \
         AND r.employee_id IN (SELECT e.id FROM employee e WHERE e.person_id = ?)",
    ),
    team: Some(
        "(r.state = 'draft' AND r.evaluator_id = ?) OR (r.state <> 'draft' AND (r.reviewer_id = ? OR r.employee_id IN \
         (SELECT e.id FROM employee e JOIN team t ON t.id = e.team_id WHERE t.manager_id = ? AND t.archived_at IS NULL)))",
    ),
};

/// Records that are about an employee by their field `employee_id`: one's own; and those about the members of the teams
/// in use that one manages.
pub(crate) const ABOUT_EMPLOYEE_ROWS: RowRules = RowRules {
    own: Some("r.employee_id IN (SELECT e.id FROM employee e WHERE e.person_id = ?)"),
    team: Some(
        "r.employee_id IN (SELECT e.id FROM employee e JOIN team t ON t.id = e.team_id \
         WHERE t.manager_id = ? AND t.archived_at IS NULL)",
    ),
};
