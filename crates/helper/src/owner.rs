//! Users and groups of this machine.

use std::fs;

/// A user: number, and number of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// The user of this name. A number is taken as one that no file names.
pub(crate) fn find_user(name: &str) -> Option<User> {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    find_in(&passwd, name).or_else(|| name.parse().ok().map(|uid| User { uid, gid: uid }))
}

fn find_in(passwd: &str, name: &str) -> Option<User> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (found, uid, gid) = (fields.next()?, fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        (found == name).then_some(User { uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_name_or_number() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\npalisade:x:998:997::/var/lib/palisade:/usr/sbin/nologin\n";
        assert_eq!(find_in(passwd, "palisade"), Some(User { uid: 998, gid: 997 }));
        assert_eq!(find_in(passwd, "palis"), None);
        assert_eq!(find_user("4242"), Some(User { uid: 4242, gid: 4242 }));
        assert_eq!(find_user("nobody-of-that-name"), None);
    }
}
