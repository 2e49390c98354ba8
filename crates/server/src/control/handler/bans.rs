//! `palisade ban …`, `palisade jail …`

use palisade_bans::{Ban, BanFilter, JailStatus, NewBan, Target, Which, may_manage_bans, may_read_bans, parse_length};
use palisade_base::{Caller, Error, Instant, Kind};
use serde_json::{Value, json};

use super::{Answer, Control};

/// Rows that are read at once.
const PAGE: u64 = 500;

impl Control {
    pub(super) async fn list_bans(
        &self,
        caller: &Caller,
        live: Option<bool>,
        network: Option<&str>,
        jail: Option<String>,
        answer: &mut Answer<'_>,
    ) -> Result<Value, Error> {
        let permit = may_read_bans(caller)?;
        let which = match live {
            Some(true) => Which::Live,
            Some(false) => Which::Over,
            None => Which::All,
        };
        let touching = network.map(target).transpose()?;
        let mut filter = BanFilter { which, touching, jail, limit: PAGE, ..BanFilter::default() };
        loop {
            let (bans, total) = self.bans.list(&permit, &filter).await?;
            for ban in &bans {
                answer.item(ban_json(ban, self.now())).await?;
            }
            filter.offset += PAGE;
            if filter.offset >= total {
                return Ok(json!({ "bans": total }));
            }
        }
    }

    pub(super) async fn add_ban(
        &self,
        caller: &Caller,
        network: &str,
        length: Option<&str>,
        reason: String,
    ) -> Result<Value, Error> {
        let permit = may_manage_bans(caller)?;
        let wrong = |text: &str| format!("{text:?} is no length of time. Write 30m, 1h or 7d.");
        let length = length.map(|text| parse_length(text).ok_or_else(|| Error::new(Kind::Invalid, wrong(text))));
        let new = NewBan { target: target(network)?, length: length.transpose()?, reason };
        let ban = self.bans.add(caller, &permit, new).await?;
        Ok(ban_json(&ban, self.now()))
    }

    pub(super) async fn remove_ban(&self, caller: &Caller, network: &str) -> Result<Value, Error> {
        let target = target(network)?;
        let lifted = self.bans.lift(caller, &may_manage_bans(caller)?, target).await?;
        Ok(json!({ "network": target.to_string(), "lifted": lifted }))
    }

    pub(super) async fn jail_status(
        &self,
        caller: &Caller,
        name: Option<&str>,
        answer: &mut Answer<'_>,
    ) -> Result<Value, Error> {
        let report = self.bans.report(&may_read_bans(caller)?).await?;
        let mut shown = 0;
        for jail in report.jails.iter().filter(|jail| name.is_none_or(|name| jail.name == name)) {
            answer.item(jail_json(jail)).await?;
            shown += 1;
        }
        if let Some(name) = name.filter(|_| shown == 0) {
            let names: Vec<&str> = report.jails.iter().map(|jail| jail.name.as_str()).collect();
            let message = format!("There is no jail {name:?}. There are: {}.", names.join(", "));
            return Err(Error::new(Kind::NotFound, message));
        }
        Ok(json!({
            "jails": shown,
            "broken": report.broken,
            "warnings": report.warnings,
            "problems": report.problems,
        }))
    }

    fn now(&self) -> Instant {
        self.store.env().now()
    }
}

fn target(text: &str) -> Result<Target, Error> {
    Target::parse(text).map_err(|message| Error::new(Kind::Invalid, message))
}

fn ban_json(ban: &Ban, now: Instant) -> Value {
    json!({
        "id": ban.id.to_string(),
        "network": ban.target.to_string(),
        "measure": ban.measure.as_str(),
        "jail": ban.jail,
        "by": ban.made_by,
        "since": ban.began_at.to_string(),
        "until": ban.ends_at.map(|end| end.to_string()),
        "ends": ban.ends_at.map_or_else(|| "when it is lifted".to_owned(), |end| end.to_string()),
        "in_force": ban.holds_at(now),
        "reason": ban.reason,
        "failures": ban.failures,
        "offences": ban.offences,
        "evidence": ban.evidence,
        "lifted_at": ban.lifted.as_ref().map(|(at, _)| at.to_string()),
        "lifted_by": ban.lifted.as_ref().map(|(_, by)| by),
    })
}

fn jail_json(jail: &JailStatus) -> Value {
    let figures = &jail.figures;
    json!({
        "name": jail.name,
        "log_paths": jail.log_paths,
        "max_retry": jail.max_retry,
        "find_seconds": jail.find_time.as_seconds(),
        "ban_seconds": jail.ban_time.map(|time| time.as_seconds()),
        "growing": jail.is_growing,
        "shadow": jail.is_shadow,
        "banned": jail.banned,
        "failing": figures.failing,
        "failures": figures.failures,
        "lines": figures.lines,
        "ambiguous": figures.ambiguous,
        "undecided": figures.undecided,
        "last_line_at": figures.last_line_at.map(|at| at.to_string()),
        "last_failure_at": figures.last_failure_at.map(|at| at.to_string()),
        "doubts": jail.doubts,
        "problems": jail.problems,
    })
}
