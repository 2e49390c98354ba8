//! How a site is reached.

use http::{StatusCode, Version, header::LOCATION};

use super::{
    SiteFacts,
    old_tls::OldTls,
    visit::{FOREIGN, QUERY, Visit},
    wire::Answer,
};
use crate::{Mend, Sight};

/// What is answered when the application behind does not answer in its turn.
const NO_APPLICATION: [StatusCode; 3] =
    [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];

/// Nobody answered: what there is to do about it.
pub(super) fn not_reached(facts: &SiteFacts, why: &str) -> Sight {
    let mend = Mend::new(format!("Have the server listen at {}, and look at its log.", facts.https));
    Sight::finding(format!("{} could not be reached: {why}.", facts.host), mend.by("palisade status"))
}

pub(super) fn https(facts: &SiteFacts, visit: &Visit) -> Sight {
    let (handshake, answer) = match (&visit.front, &visit.missing) {
        (Ok((handshake, answer)), Ok((_, old))) if old.version == Version::HTTP_11 => (handshake, answer),
        (Ok(_), Ok(_)) => return not_reached(facts, "HTTP/1.1 is not answered as such"),
        (Err(why), _) | (_, Err(why)) => return not_reached(facts, why),
    };
    let seen = format!("{:?} {} over {}; HTTP/1.1 too.", answer.version, answer.status.as_u16(), handshake.version);
    Sight::in_force(seen.replace("TLSv1_3", "TLS 1.3").replace("TLSv1_2", "TLS 1.2").replace("HTTP/2.0", "HTTP/2"))
}

pub(super) fn answers(facts: &SiteFacts, visit: &Visit) -> Sight {
    if !facts.guarded {
        return Sight::not_applicable("The application is part of this program.");
    }
    match &visit.front {
        Err(why) => not_reached(facts, why),
        Ok((_, answer)) if NO_APPLICATION.contains(&answer.status) => {
            let mend = Mend::new("Start the application, or correct [site.upstream] in palisade.toml.");
            let seen = format!("{}: the application behind does not answer.", answer.status.as_u16());
            Sight::finding(seen, mend.by("palisade site list"))
        }
        Ok((_, answer)) => Sight::in_force(format!("It answers with {}.", answer.status.as_u16())),
    }
}

pub(super) fn versions(facts: &SiteFacts, visit: &Visit) -> Sight {
    let mut agreed = Vec::new();
    for (name, outcome) in &visit.old {
        match outcome {
            Ok(OldTls::Agreed) => agreed.push(*name),
            Ok(OldTls::Refused) => {}
            Err(why) => return not_reached(facts, why),
        }
    }
    if agreed.is_empty() {
        return Sight::in_force("TLS 1.0 and TLS 1.1 are refused.");
    }
    let mend = Mend::new("Something that is not Palisade answers at this address: have it listen elsewhere.");
    Sight::finding(format!("{} was agreed to.", agreed.join(" and ")), mend)
}

pub(super) fn plain_http(facts: &SiteFacts, visit: &Visit) -> Sight {
    let (own, foreign) = match (&visit.plain, &visit.plain_foreign) {
        (Some(Ok(own)), Some(Ok(foreign))) => (own, foreign),
        (Some(Err(why)), _) | (_, Some(Err(why))) => return no_redirect(format!("Plain HTTP does not answer: {why}.")),
        _ => {
            let mend = Mend::new("Add an address to [listen] http in palisade.toml, if nobody else does it.");
            return Sight::unseen("Nothing here listens for plain HTTP.", mend);
        }
    };
    let wanted = format!("https://{}{QUERY}", facts.host.authority(facts.public_port));
    if let Some(led) = location(foreign).filter(|to| to.contains(FOREIGN)) {
        return no_redirect(format!("A request for a foreign name is led to {led}."));
    }
    match (own.status, location(own)) {
        (StatusCode::MOVED_PERMANENTLY, Some(to)) if to == wanted => Sight::in_force(format!("301 to {to}.")),
        (status, to) => {
            no_redirect(format!("{} to {} instead of 301 to {wanted}.", status.as_u16(), to.unwrap_or("nowhere")))
        }
    }
}

fn location(answer: &Answer) -> Option<&str> {
    answer.headers.get(LOCATION)?.to_str().ok()
}

fn no_redirect(seen: String) -> Sight {
    let mend = Mend::new("Something that is not Palisade answers at this address: have it listen elsewhere.");
    Sight::finding(seen, mend.by("palisade status"))
}
