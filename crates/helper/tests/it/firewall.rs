//! Who is dropped by the kernel, tried over a wire.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use palisade_helper::{
    FirewallConfig,
    firewall::Firewall,
    protocol::{Ban, FailureKind},
};

use palisade_testkit::{CLIENT, CLIENT_V6, Namespaces, OTHER_CLIENT};

const GUARDED: u16 = 8443;
const UNGUARDED: u16 = 8022;

fn config() -> FirewallConfig {
    FirewallConfig {
        ports: BTreeSet::from([GUARDED]),
        never: vec!["192.0.2.0/24".parse().unwrap()],
        ..FirewallConfig::default()
    }
}

fn ban(network: &str) -> Ban {
    Ban { network: network.parse().unwrap(), seconds: Some(600) }
}

/// Does something with a firewall of the guarded host.
fn with_firewall<T: Send>(
    namespaces: &Namespaces,
    firewall: &mut Firewall,
    work: impl AsyncFnOnce(&mut Firewall) -> T + Send,
) -> T {
    namespaces.on_host(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(work(firewall))
    })
}

fn guarded() -> (Namespaces, Firewall) {
    let namespaces = Namespaces::new();
    namespaces.listen(GUARDED);
    namespaces.listen(UNGUARDED);
    let mut firewall = Firewall::new(config());
    with_firewall(&namespaces, &mut firewall, async |firewall| firewall.set_up().await).unwrap();
    (namespaces, firewall)
}

/// covers T5.4 (part)
#[test]
fn a_banned_address_is_dropped_at_the_guarded_ports_and_no_other_is() {
    let (namespaces, mut firewall) = guarded();
    assert!(namespaces.can_connect(CLIENT, GUARDED), "nobody is banned yet");
    let now = Instant::now();
    let banned = Ban { network: format!("{CLIENT}/32").parse().unwrap(), seconds: None };
    with_firewall(&namespaces, &mut firewall, async |firewall| firewall.set(banned, now).await).unwrap();
    assert!(!namespaces.can_connect(CLIENT, GUARDED), "{}", namespaces.rules());
    assert!(namespaces.can_connect(OTHER_CLIENT, GUARDED), "its neighbour is not meant");
    assert!(namespaces.can_connect(CLIENT, UNGUARDED), "other ports are not ours");
    assert!(namespaces.rules().contains("timeout 1h1s"), "the kernel counts: {}", namespaces.rules());
    with_firewall(&namespaces, &mut firewall, async |firewall| firewall.lift(&banned.network, now).await).unwrap();
    assert!(namespaces.can_connect(CLIENT, GUARDED));
}

#[test]
fn a_network_of_ipv6_is_dropped_and_runs_out_by_itself() {
    let (namespaces, mut firewall) = guarded();
    assert!(namespaces.can_connect(CLIENT_V6, GUARDED));
    let short = Ban { seconds: Some(5), ..ban("2001:db8:1::/64") };
    with_firewall(&namespaces, &mut firewall, async |firewall| firewall.set(short, Instant::now()).await).unwrap();
    assert!(!namespaces.can_connect(CLIENT_V6, GUARDED), "{}", namespaces.rules());
    assert!(namespaces.can_connect(CLIENT, GUARDED), "IPv4 is another set");
    // Nobody lifts it: the helper could be dead. What has run out is gone when the kernel says so.
    let start = Instant::now();
    while !namespaces.can_connect(CLIENT_V6, GUARDED) {
        assert!(start.elapsed() < Duration::from_secs(120), "{}", namespaces.rules());
    }
}

#[test]
fn a_network_around_a_banned_address_takes_its_place_and_gives_it_back() {
    let (namespaces, mut firewall) = guarded();
    let now = Instant::now();
    let network = ban("198.51.100.0/25");
    with_firewall(&namespaces, &mut firewall, async |firewall| {
        firewall.set(ban(&format!("{CLIENT}/32")), now).await.unwrap();
        firewall.set(network, now).await.unwrap();
    });
    assert!(!namespaces.can_connect(CLIENT, GUARDED) && !namespaces.can_connect(OTHER_CLIENT, GUARDED));
    with_firewall(&namespaces, &mut firewall, async |firewall| firewall.lift(&network.network, now).await).unwrap();
    assert!(!namespaces.can_connect(CLIENT, GUARDED), "its own ban stands: {}", namespaces.rules());
    assert!(namespaces.can_connect(OTHER_CLIENT, GUARDED));
}

#[test]
fn a_new_helper_replaces_what_an_old_one_has_left() {
    let (namespaces, mut firewall) = guarded();
    let now = Instant::now();
    with_firewall(&namespaces, &mut firewall, async |old| old.set(ban(&format!("{CLIENT}/32")), now).await).unwrap();
    let mut new = Firewall::new(config());
    with_firewall(&namespaces, &mut new, async |new| new.set_up().await).unwrap();
    assert!(!namespaces.can_connect(CLIENT, GUARDED), "a restart opens nothing");
    let bans = [ban(&format!("{OTHER_CLIENT}/32"))];
    with_firewall(&namespaces, &mut new, async |new| new.replace(&bans, now).await).unwrap();
    assert!(namespaces.can_connect(CLIENT, GUARDED) && !namespaces.can_connect(OTHER_CLIENT, GUARDED));
    assert_eq!(namespaces.rules().matches("drop").count(), 2, "the rules stand once: {}", namespaces.rules());
}

#[test]
fn what_somebody_flushed_is_made_anew_with_the_next_ban() {
    let (namespaces, mut firewall) = guarded();
    let now = Instant::now();
    with_firewall(&namespaces, &mut firewall, async |firewall| {
        firewall.set(ban(&format!("{CLIENT}/32")), now).await.unwrap();
        let flushed = std::process::Command::new("nft").args(["flush", "ruleset"]).status().unwrap();
        assert!(flushed.success());
        firewall.set(ban(&format!("{OTHER_CLIENT}/32")), now).await.unwrap();
    });
    assert!(!namespaces.can_connect(CLIENT, GUARDED) && !namespaces.can_connect(OTHER_CLIENT, GUARDED));
}

#[test]
fn own_and_listed_networks_are_never_banned() {
    let (namespaces, mut firewall) = guarded();
    let now = Instant::now();
    for network in [
        "192.0.2.7/32",
        "192.0.2.0/23",
        "192.0.2.0/28",
        "127.0.0.1/32",
        "127.0.0.0/16",
        "0.0.0.0/0",
        "10.0.0.0/8",
        "::1/128",
        "::/0",
        "2001::/16",
        "::ffff:192.0.2.7/128",
    ] {
        let refused = with_firewall(&namespaces, &mut firewall, async |firewall| firewall.set(ban(network), now).await);
        assert_eq!(refused.map_err(|failure| failure.kind), Err(FailureKind::Refused), "{network}");
    }
    let bans = [ban("192.0.2.7/32"), ban(&format!("{CLIENT}/32"))];
    let replaced = with_firewall(&namespaces, &mut firewall, async |firewall| firewall.replace(&bans, now).await);
    assert!(replaced.unwrap_err().message.contains("192.0.2.0/24 is never banned"));
    assert!(!namespaces.rules().contains("192.0.2."), "{}", namespaces.rules());
    assert!(!namespaces.can_connect(CLIENT, GUARDED), "the others are banned all the same");
}

#[test]
fn removing_the_rules_leaves_nothing_and_works_twice() {
    let (namespaces, mut firewall) = guarded();
    with_firewall(&namespaces, &mut firewall, async |firewall| {
        firewall.set(ban(&format!("{CLIENT}/32")), Instant::now()).await.unwrap();
        firewall.remove().await.unwrap();
        firewall.remove().await.unwrap();
    });
    assert_eq!(namespaces.rules().trim(), "");
    assert!(namespaces.can_connect(CLIENT, GUARDED));
}
