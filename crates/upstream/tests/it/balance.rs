//! Several addresses: who gets the next request, and who gets none.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use palisade_testkit::{free_port, upstream::TestUpstream};
use palisade_upstream::{Balance, HealthCheck, Upstream, UpstreamError, UpstreamSettings, UpstreamTimeouts};

use crate::harness::{ask, get, send, settings, until};

/// An address where nobody listens, and nobody else will.
fn nobody() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()))
}

#[tokio::test]
async fn equals_take_turns_and_the_busy_one_waits() {
    let (one, two) = (TestUpstream::start().await, TestUpstream::start().await);
    let base = settings(&[&one.address, &two.address]);
    for balance in [Balance::LeastOutstanding, Balance::RoundRobin] {
        let upstream = Upstream::new(UpstreamSettings { balance, ..base.clone() }).unwrap();
        let before = (one.counts.requests(), two.counts.requests());
        for _ in 0..10 {
            ask(&upstream, get("/")).await;
        }
        assert_eq!((one.counts.requests() - before.0, two.counts.requests() - before.1), (5, 5), "{balance:?}");
    }
    let upstream = Upstream::new(base).unwrap();
    let held = send(&upstream, get("/events")).await.unwrap();
    let busy = if one.counts.streams() == 1 { &one } else { &two };
    let before = busy.counts.requests();
    for _ in 0..6 {
        ask(&upstream, get("/")).await;
    }
    assert_eq!(busy.counts.requests(), before);
    drop(held);
}

#[tokio::test]
async fn where_one_address_takes_no_connection_another_answers() {
    let (dead, app) = (format!("http://{}", nobody()), TestUpstream::start().await);
    let upstream = Upstream::new(settings(&[&dead, &app.address])).unwrap();
    for _ in 0..12 {
        assert_eq!(ask(&upstream, get("/")).await.0, 200);
    }
    let health = upstream.health();
    assert!(!health[0].healthy && health[1].healthy, "{health:?}");
    assert_eq!(health[0].failures, 3, "after three failures it is left alone for a while");
}

#[tokio::test]
async fn a_single_address_is_tried_again_however_often_it_failed() {
    let socket = nobody();
    let dead = format!("http://{socket}");
    let upstream = Upstream::new(settings(&[&dead])).unwrap();
    for _ in 0..5 {
        assert!(matches!(send(&upstream, get("/")).await, Err(UpstreamError::Unreachable { .. })));
    }
    let ill = upstream.health().remove(0);
    let (_, what) = ill.last_trouble.clone().expect("the last error is kept");
    assert!(what.starts_with(&format!("{dead} can't be reached: ")), "{what}");
    let (ill_for, last) = (ill.steady_for.unwrap(), ill.last_trouble.unwrap().0);
    assert!(ill_for >= last, "it has been ill since the first failure: {ill_for:?}, {last:?}");
    let _back = TestUpstream::start_at(socket).await;
    assert_eq!(ask(&upstream, get("/")).await.0, 200);
    let well = upstream.health().remove(0);
    assert_eq!((well.failures, well.healthy), (0, true));
    assert!(well.steady_for.unwrap() <= well.last_trouble.expect("it is not forgotten").0);
}

#[tokio::test]
async fn health_checks_take_an_address_out_and_bring_it_back() {
    let socket = nobody();
    let app = TestUpstream::start_at(socket).await;
    let every = Duration::from_millis(10);
    let upstream = Upstream::new(UpstreamSettings {
        health: Some(HealthCheck::new("/api/method/ping", every)),
        timeouts: UpstreamTimeouts { idle: Duration::from_millis(20), ..UpstreamTimeouts::default() },
        ..settings(&[&app.address])
    })
    .unwrap();
    assert_eq!(ask(&upstream, get("/")).await.0, 200);
    drop(app);
    until(|| !upstream.health()[0].healthy).await;
    let error = send(&upstream, get("/")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::NoneHealthy), "{error}");
    let _back = TestUpstream::start_at(socket).await;
    until(|| upstream.health()[0].healthy).await;
    assert_eq!(ask(&upstream, get("/")).await.0, 200);
}

#[tokio::test]
async fn an_address_that_answers_with_an_error_is_not_well() {
    let app = TestUpstream::start().await;
    let health = Some(HealthCheck::new("/status/500", Duration::from_millis(10)));
    let upstream = Upstream::new(UpstreamSettings { health, ..settings(&[&app.address]) }).unwrap();
    until(|| !upstream.health()[0].healthy).await;
    let (_, what) = upstream.health().remove(0).last_trouble.unwrap();
    assert_eq!(what, "it answers 500");
}

#[tokio::test]
async fn health_checks_end_with_the_upstream() {
    let app = TestUpstream::start().await;
    let health = Some(HealthCheck::new("/", Duration::from_millis(5)));
    let upstream = Upstream::new(UpstreamSettings { health, ..settings(&[&app.address]) }).unwrap();
    until(|| app.counts.requests() > 2).await;
    drop(upstream);
    loop {
        let before = app.counts.requests();
        tokio::time::sleep(Duration::from_millis(60)).await;
        if app.counts.requests() == before {
            return;
        }
    }
}
