//! Who may sign in, with what.

use std::sync::Arc;

use palisade_base::{Error, Instant, Span};
use palisade_identity::{
    model::{FactorRule, UserFilter, UserRow, UserStatus},
    policy::{permit_read_roles, permit_read_users},
    settings::{FactorPolicy, points},
};
use palisade_posture::{Check, Sight};

use super::{Everything, count, finding_on_page, looker, program::judge, program_check};

/// So many users are looked at in one query.
const PAGE: i64 = 500;
/// A user who has not signed in for so long should not need to.
const LONG: Span = Span::days(90);
/// Names that say what an account is for instead of whose it is.
const SHARED_NAMES: [&str; 10] =
    ["admin", "administrator", "root", "test", "user", "guest", "demo", "office", "support", "shared"];

pub(super) fn checks(all: &Everything) -> Vec<Arc<dyn Check>> {
    let factor_title = "Second factors as the guides ask";
    let privileged = "Privileged roles with a second factor only";
    vec![
        program_check(all, "factors", factor_title, &["K1.2", "T11.1"], factors),
        program_check(all, "privileged_factors", privileged, &["T11.2"], privileged_factors),
        program_check(all, "admin_accounts", "An account of their own for each administrator", &["K2.2", "K9.1"], own),
        program_check(all, "unused_accounts", "No account that nobody uses", &["K2.2", "K9.2"], unused),
    ]
}

async fn factors(all: Everything) -> Result<Sight, Error> {
    let policy = all.identity.settings::<FactorPolicy>().await?.value;
    let roles = all.identity.list_roles(&permit_read_roles(&looker())?).await?;
    Ok(judge(&points::of_factors(&policy, &roles), "Admin > Security > Multi-Factor Authentication"))
}

async fn privileged_factors(all: Everything) -> Result<Sight, Error> {
    let users = active_users(&all).await?;
    let privileged = |row: &UserRow| row.grants.iter().any(|grant| grant.factor == FactorRule::Required);
    let holders: Vec<&UserRow> = users.iter().filter(|row| privileged(row)).collect();
    let without: Vec<String> = holders.iter().filter(|row| !row.has_factor).map(|row| name_of(row)).collect();
    if holders.is_empty() {
        return Ok(Sight::in_force("Nobody holds such a role."));
    }
    if without.is_empty() {
        let holders = count(holders.len() as u64, "holder of such a role has", "holders of such roles have");
        return Ok(Sight::in_force(format!("{holders} one.")));
    }
    // Their grants wait, so nothing is open; but who was given a role should be able to use it.
    let seen = format!("{} of {} holders have none: their roles wait.", without.len(), holders.len());
    Ok(finding_on_page(seen, "Have them sign in and enrol one, or take the role away", "Admin > Users")
        .with_evidence(without))
}

async fn own(all: Everything) -> Result<Sight, Error> {
    let users = active_users(&all).await?;
    let shared: Vec<String> = users.iter().filter(|row| is_shared_name(row)).map(name_of).collect();
    if shared.is_empty() {
        return Ok(Sight::in_force("No account's name looks like one that several people share."));
    }
    let what = "Give each person an account with a name of their own, and disable these";
    Ok(finding_on_page("Some accounts look like shared ones.", what, "Admin > Users").with_evidence(shared))
}

fn is_shared_name(row: &UserRow) -> bool {
    SHARED_NAMES.iter().any(|name| row.user.user_name.to_string().eq_ignore_ascii_case(name))
}

async fn unused(all: Everything) -> Result<Sight, Error> {
    let (users, now) = (active_users(&all).await?, all.env.now());
    let idle: Vec<String> = users.iter().filter(|row| is_unused(row, now)).map(name_of).collect();
    if idle.is_empty() {
        return Ok(Sight::in_force("Everybody has signed in within the last 90 days."));
    }
    let seen = format!("{} of {} accounts have not been used for 90 days.", idle.len(), users.len());
    Ok(finding_on_page(seen, "Disable those that are not needed", "Admin > Users").with_evidence(idle))
}

fn is_unused(row: &UserRow, now: Instant) -> bool {
    let last = row.user.last_sign_in_at.unwrap_or(row.user.created_at);
    now.since(last) > LONG
}

fn name_of(row: &UserRow) -> String {
    format!("{} ({})", row.user.user_name, row.display_name)
}

/// Everybody who may sign in.
async fn active_users(all: &Everything) -> Result<Vec<UserRow>, Error> {
    let permit = permit_read_users(&looker())?;
    let mut users = Vec::new();
    loop {
        let offset = i64::try_from(users.len()).unwrap_or(i64::MAX);
        let filter = UserFilter { status: Some(UserStatus::Active), offset, limit: PAGE, ..UserFilter::default() };
        let (page, total) = all.identity.list_users(&permit, &filter).await?;
        let is_last = page.is_empty() || offset + PAGE >= total;
        users.extend(page);
        if is_last {
            return Ok(users);
        }
    }
}
