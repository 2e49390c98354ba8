//! Who is at the other end of the socket, as the kernel says.

use std::{fs, io, os::unix::fs::MetadataExt as _};

use tokio::net::unix::UCred;

/// What the kernel says where nobody signed in (a service, a container).
const NOBODY_SIGNED_IN: u32 = u32::MAX;

/// The operating system's name of who asks; `None` for a user who must not: only root and the server's own user may.
pub(crate) fn operator(peer: &UCred) -> io::Result<Option<String>> {
    let own = fs::metadata("/proc/self")?.uid();
    if peer.uid() != 0 && peer.uid() != own {
        return Ok(None);
    }
    Ok(Some(described(peer.uid(), peer.pid())))
}

/// By sudo or su: the trail names the person, and as whom they acted.
fn described(uid: u32, process: Option<i32>) -> String {
    let acting = user_name(uid);
    match process.and_then(login_uid).filter(|signed_in| *signed_in != uid).map(user_name) {
        Some(person) => format!("{person} as {acting}"),
        None => acting,
    }
}

/// The operating system's name of who runs this process.
pub(crate) fn local_operator() -> String {
    let acting = fs::metadata("/proc/self").map_or(0, |process| process.uid());
    described(acting, i32::try_from(std::process::id()).ok())
}

/// As whom the process's session was opened, whatever it became since.
fn login_uid(process: i32) -> Option<u32> {
    let uid = fs::read_to_string(format!("/proc/{process}/loginuid")).ok()?.trim().parse().ok()?;
    (uid != NOBODY_SIGNED_IN).then_some(uid)
}

fn user_name(uid: u32) -> String {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    find_name(&passwd, uid).unwrap_or_else(|| format!("uid {uid}"))
}

fn find_name(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nada:x:1000:1000:,,,:/srv/ada:/bin/bash\n";
        assert_eq!(find_name(passwd, 1000).as_deref(), Some("ada"));
        assert_eq!(find_name(passwd, 1001), None);
    }
}
