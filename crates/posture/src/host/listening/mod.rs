//! What listens on this machine, and what of it should not.

mod judge;
mod owner;
mod table;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc};

use palisade_config::Config;

use self::{
    judge::{Allowed, Inner, Seen, judge_inner, judge_needless, judge_others},
    owner::Owners,
};
use super::{Root, look::reading};
use crate::{About, Check, Mend, Place, Sight};

/// Judges what listens.
type Judge = Box<dyn Fn(&[Seen]) -> Sight + Send + Sync>;

/// Databases, Redis, everything else, and what nobody needs.
pub(super) fn checks(root: &Root, config: &Config) -> Vec<Arc<dyn Check>> {
    let allowed = Arc::new(Allowed::of(config));
    let about = |id: &str, title: &str, points: &[&str]| About::new(id, title, points, Place::Host);
    let (for_others, for_needless) = (Arc::clone(&allowed), allowed);
    let looks: [(About, Judge); 4] = [
        (
            about("host.listening.database", "No database can be reached from other machines", &["T7.2", "T7.1"]),
            Box::new(|seen| judge_inner(seen, Inner::Database)),
        ),
        (
            about("host.listening.redis", "No Redis can be reached from other machines", &["T7.2", "T7.1"]),
            Box::new(|seen| judge_inner(seen, Inner::Redis)),
        ),
        (
            about("host.listening.others", "Other machines reach only what is meant to be reached", &["T7.2"]),
            Box::new(move |seen| judge_others(seen, &for_others)),
        ),
        (
            about("host.listening.needless", "No service listens that nobody needs", &["K5.4"]),
            Box::new(move |seen| judge_needless(seen, &for_needless)),
        ),
    ];
    let check = |(about, judge): (About, Judge)| {
        let root = root.clone();
        reading(about, move || read(&root).map_or_else(unseen, |seen| judge(&seen)))
    };
    looks.into_iter().map(check).collect()
}

/// The TCP ports that the program itself serves people on, and 80 and 443 in any case.
pub(super) fn served_ports(config: &Config) -> BTreeSet<u16> {
    let own = config.listen.https.iter().chain(&config.listen.http);
    let outward = own.filter(|address| !address.ip().is_loopback() && address.port() != 0);
    outward.map(std::net::SocketAddr::port).chain([80, 443]).collect()
}

fn read(root: &Root) -> Option<Vec<Seen>> {
    let listeners = table::read(root)?;
    let owners = Owners::find(root, &listeners);
    let seen = |listener: table::Listener| Seen { program: owners.of(&listener), listener };
    Some(listeners.into_iter().map(seen).collect())
}

fn unseen() -> Sight {
    let mend = Mend::new("Let the program read /proc/net: a unit with ProcSubset=pid hides it. By hand: ss -tulpn");
    Sight::unseen("The kernel's tables of sockets, /proc/net/tcp and its like, can't be read.", mend)
}
