//! A ban in words, as its page and the list say it.

use palisade_bans::{Ban, MANUAL, Measure, Target};
use palisade_web::{
    Html, Visitor,
    component::{ActionForm, Badge},
};

use super::LIFT;
use crate::{names::Names, words};

/// What became of it: in force or not, and in which way.
pub(super) fn state(visitor: &Visitor, ban: &Ban) -> Badge {
    if !ban.holds_at(visitor.now) {
        return Badge::plain(if ban.lifted.is_some() { "Lifted" } else { "Over" });
    }
    match ban.measure {
        Measure::Ban => Badge::stop("Shut out"),
        Measure::Slow => Badge::warn("Slowed"),
        Measure::Shadow => Badge::note("Only reported"),
    }
}

/// The button that lets somebody in again.
pub(super) fn lift(visitor: &Visitor, ban: &Ban) -> ActionForm {
    ActionForm::new(LIFT, &visitor.csrf, "Lift")
        .of(format!("the ban of {}", ban.target))
        .with("network", ban.target.to_string())
}

/// Until when it holds, or held: an instant, or words.
pub(super) fn until(visitor: &Visitor, ban: &Ban) -> Html {
    let lifted = ban.lifted.as_ref().map(|(at, _)| *at);
    match lifted.or(ban.ends_at) {
        Some(at) => Html::from_component(&words::when(visitor, at)),
        None => Html::text("until lifted"),
    }
}

pub(super) fn reason(ban: &Ban) -> &str {
    if ban.reason.is_empty() { "No reason given" } else { &ban.reason }
}

/// Who did it: somebody, or a jail.
pub(super) fn by(names: &Names, ban: &Ban) -> String {
    if ban.jail == MANUAL { names.say(&ban.made_by) } else { format!("Jail {}", ban.jail) }
}

/// How much of the world it is.
pub(super) fn extent(target: Target) -> String {
    let net = target.net();
    if target.client().is_some() {
        return if net.addr().is_ipv4() { "one address" } else { "one IPv6 client (a /64)" }.to_owned();
    }
    if net.addr().is_ipv4() {
        let addresses = 1_u64 << (32 - u32::from(net.prefix_len()).min(32));
        format!("{addresses} addresses")
    } else {
        let clients = 1_u64 << (64 - u32::from(net.prefix_len()).min(64)).min(63);
        format!("up to {clients} IPv6 clients (of a /64 each)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extent_of_a_ban_is_told_in_numbers() {
        for (text, words) in [
            ("192.0.2.7", "one address"),
            ("192.0.2.0/24", "256 addresses"),
            ("10.0.0.0/8", "16777216 addresses"),
            ("2001:db8::7", "one IPv6 client (a /64)"),
            ("2001:db8::/48", "up to 65536 IPv6 clients (of a /64 each)"),
        ] {
            assert_eq!(extent(Target::parse(text).unwrap()), words, "{text}");
        }
    }
}
