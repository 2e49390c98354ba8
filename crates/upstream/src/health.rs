//! Asks an address every few seconds whether it is well.

use std::{sync::Arc, time::Duration};

use http::{HeaderValue, Request, Uri, header};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{address::Address, body::UploadBody, connect::Fresh, settings::HealthCheck};

const AGENT: HeaderValue = HeaderValue::from_static("Palisade-Health");

/// Never ends; it is stopped when the upstream is dropped.
pub(crate) async fn watch(address: Arc<Address>, check: HealthCheck, host: HeaderValue, patience: Duration) {
    let mut ticks = interval(check.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut streak = Streak::default();
    loop {
        ticks.tick().await;
        let answer = match timeout(patience, ask(&address, &check.path, &host)).await {
            Ok(answer) => answer,
            Err(_) => Err("no answer in time".to_owned()),
        };
        address.note_asked();
        if let Some(well) = streak.add(answer.is_ok(), &check) {
            address.set_well(well, answer.err().as_deref().unwrap_or_default());
        }
    }
}

/// Answers of one kind in a row.
#[derive(Default)]
struct Streak {
    good: u32,
    bad: u32,
}

impl Streak {
    /// What is certain now, if something is.
    fn add(&mut self, good: bool, check: &HealthCheck) -> Option<bool> {
        let (more, other) = if good { (&mut self.good, &mut self.bad) } else { (&mut self.bad, &mut self.good) };
        *more = more.saturating_add(1);
        *other = 0;
        if self.good >= check.rise {
            Some(true)
        } else if self.bad >= check.fall {
            Some(false)
        } else {
            None
        }
    }
}

/// One question, on a connection of its own: that one can be made is part of the answer.
async fn ask(address: &Address, path: &str, host: &HeaderValue) -> Result<(), String> {
    let uri: Uri = path.parse().map_err(|_| "the path of the health check is none".to_owned())?;
    let mut request = Request::new(UploadBody::empty());
    *request.uri_mut() = uri;
    request.headers_mut().insert(header::HOST, host.clone());
    request.headers_mut().insert(header::USER_AGENT, AGENT);
    let status = match address.connector().connect().await.map_err(|error| error.to_string())? {
        Fresh::H1(mut connection) => connection.send(request).await.map_err(|error| error.into_error().to_string()),
        Fresh::H2(mut handle) => {
            crate::exchange::make_absolute(&mut request);
            handle.send_request(request).await.map_err(|error| error.to_string())
        }
    };
    match status?.status().as_u16() {
        200..=399 => Ok(()),
        other => Err(format!("it answers {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_answer_is_no_illness_and_one_good_one_no_cure() {
        let check = HealthCheck::new("/", Duration::from_secs(1));
        let mut streak = Streak::default();
        let found: Vec<_> =
            [false, false, true, false, false, false, true, true].map(|good| streak.add(good, &check)).into();
        assert_eq!(found, [None, None, None, None, None, Some(false), None, Some(true)]);
    }
}
