//! `palisade verify`, `palisade harden …`

use palisade_base::{Caller, Error};
use palisade_posture::{Entry, Place, Plan, may_mend_posture, may_read_posture};
use serde_json::{Value, json};

use super::{Answer, Control};

impl Control {
    pub(super) async fn verify(&self, caller: &Caller, answer: &mut Answer<'_>) -> Result<Value, Error> {
        let permit = may_read_posture(caller)?;
        let report = answer.during(self.posture.look(caller, &permit)).await?;
        for (number, group) in report.groups().into_iter().enumerate() {
            for entry in group {
                answer.item(entry_json(entry, number)).await?;
            }
        }
        let counts = report.counts();
        Ok(json!({
            "in_force": counts.in_force,
            "findings": counts.findings,
            "unseen": counts.unseen,
            "not_applicable": counts.not_applicable,
            "clean": report.is_clean(),
        }))
    }

    pub(super) async fn harden_plan(&self, caller: &Caller, answer: &mut Answer<'_>) -> Result<Value, Error> {
        let permit = may_read_posture(caller)?;
        let plans = answer.during(async { Ok(self.posture.plans(&permit).await) }).await?;
        for (mender, plan) in &plans {
            answer.item(plan_json(mender, plan)).await?;
        }
        Ok(json!({ "plans": plans.len() }))
    }

    pub(super) async fn harden_apply(
        &self,
        caller: &Caller,
        mender: &str,
        plan: &str,
        answer: &mut Answer<'_>,
    ) -> Result<Value, Error> {
        let permit = may_mend_posture(caller)?;
        let applied = answer.during(self.posture.apply(caller, &permit, mender, plan)).await?;
        Ok(json!({ "mender": applied.plan.mender, "title": applied.plan.title, "done": applied.done }))
    }

    pub(super) async fn harden_confirm(
        &self,
        caller: &Caller,
        mender: &str,
        answer: &mut Answer<'_>,
    ) -> Result<Value, Error> {
        let permit = may_mend_posture(caller)?;
        let done = answer.during(self.posture.confirm(caller, &permit, mender)).await?;
        Ok(json!({ "mender": mender, "done": done }))
    }
}

/// `group` is the same for entries that saw the same and are mended by the same.
fn entry_json(entry: &Entry, group: usize) -> Value {
    let (about, sight) = (&entry.about, &entry.sight);
    json!({
        "check": about.id,
        "title": about.title,
        "site": match &about.place {
            Place::Site(name) => Some(name),
            Place::Program | Place::Database | Place::Host => None,
        },
        "points": about.points,
        "guide_number": about.guide_number,
        "group": group,
        "verdict": sight.verdict().as_str(),
        "seen": sight.seen(),
        "evidence": sight.evidence(),
        "mend": sight.mend().map(|mend| mend.what()),
        "command": sight.mend().and_then(|mend| mend.command()),
        "since": entry.since.to_string(),
    })
}

fn plan_json(mender: &str, plan: &Result<Plan, Error>) -> Value {
    match plan {
        Ok(plan) => json!({
            "mender": mender,
            "title": plan.title,
            "plan": plan.digest(),
            "steps": plan.steps,
        }),
        Err(error) => json!({ "mender": mender, "problem": error.message() }),
    }
}
