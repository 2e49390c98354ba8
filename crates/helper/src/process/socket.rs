//! The socket, and who is at its other end.

use std::{
    fs, io,
    os::unix::{
        fs::PermissionsExt as _,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{Gid, Uid};

use crate::{
    config::{FileError, HelperFile},
    owner::{User, find_user},
};

/// The bound socket, and the user that may use it beside root.
#[derive(Debug)]
pub struct HelperSocket {
    pub(super) listener: UnixListener,
    pub(super) user: u32,
    path: PathBuf,
}

impl HelperSocket {
    /// Makes the socket: mode 0600, the server's user owns it. One that a killed helper left behind is replaced.
    ///
    /// # Errors
    /// Another helper answers on it, or it can't be made.
    pub fn bind(file: &HelperFile) -> Result<Self, FileError> {
        let path = &file.socket;
        let error =
            |what: String, fix: &str| FileError { place: path.display().to_string(), what, fix: fix.to_owned() };
        let user = find_user(&file.user).ok_or_else(|| {
            let fix = "Name the user that `palisade serve` runs as.";
            error(format!("there is no user {:?} on this machine", file.user), fix)
        })?;
        if UnixStream::connect(path).is_ok() {
            return Err(error("another helper answers on this socket".into(), "Stop that one first."));
        }
        let listener = bind_for(path, user).map_err(|why| {
            error(
                format!("the socket can't be made: {why}"),
                "Run the helper as root, in a folder that root may write to.",
            )
        })?;
        Ok(Self { listener, user: user.uid, path: path.clone() })
    }
}

/// Under another name until it belongs to whom it should: nobody else ever finds it open.
fn bind_for(path: &Path, user: User) -> io::Result<UnixListener> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension("new");
    let _ = fs::remove_file(&draft);
    let listener = UnixListener::bind(&draft)?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o600))?;
    rustix::fs::chown(&draft, Some(Uid::from_raw(user.uid)), Some(Gid::from_raw(user.gid)))?;
    fs::rename(&draft, path)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Drop for HelperSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
