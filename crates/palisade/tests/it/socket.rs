//! The control socket: who may use it, and what it does with nonsense.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::Shutdown,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        net::UnixStream,
    },
    process::Command,
};

use crate::program::{Place, run};

/// Sends bytes, and gives the answer.
fn answer(place: &Place, request: &[u8]) -> String {
    let mut stream = UnixStream::connect(place.socket()).unwrap();
    stream.write_all(request).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn nonsense_is_refused_and_the_server_goes_on() {
    let place = Place::embedded();
    let server = place.serve();
    let unknown = "This server does not know the request. Are the command and the server of the same release?";
    for (request, why) in [
        (&b"not json\n"[..], unknown),
        (b"{\"command\":\"drop_tables\"}\n", unknown),
        (b"{\"command\":\"user_unlock\",\"login\":7}\n", unknown),
        (b"\xff\xfe\n", unknown),
        (b"[[[[[[[[[[[[\n", unknown),
        (b"", "The request ended before its line did."),
        (b"{\"command\":\"status\"}", "The request ended before its line did."),
    ] {
        let expected = format!("{{\"failed\":{{\"kind\":\"invalid\",\"message\":\"{why}\"}}}}\n");
        assert_eq!(answer(&place, request), expected);
    }
    assert!(answer(&place, &[b"[".repeat(200_000), b"\n".to_vec()].concat()).contains(unknown));
    assert_eq!(place.run(&["status"]).code, 0);
    assert!(server.stop());
}

#[test]
fn many_clients_that_say_nothing_do_not_keep_others_out_for_long() {
    let place = Place::embedded();
    let server = place.serve();
    let silent: Vec<_> = (0..40).map(|_| UnixStream::connect(place.socket()).unwrap()).collect();
    let said = place.run(&["status"]);
    assert!(said.code == 0 || said.err.contains("Too many commands at one time. Please try again."), "{said:?}");
    drop(silent);
    while place.run(&["status"]).code != 0 {}
    assert!(server.stop());
}

#[test]
fn another_user_of_the_machine_may_not_give_commands() {
    let place = Place::embedded();
    let server = place.serve();
    assert_eq!(fs::metadata(place.socket()).unwrap().permissions().mode() & 0o777, 0o600);
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return; // only root can try it as somebody else
    }
    // Even where the directories are open to all.
    for open in [place.dir(), &place.data()] {
        fs::set_permissions(open, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let binary = place.dir().join("palisade");
    fs::copy(env!("CARGO_BIN_EXE_palisade"), &binary).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(binary);
    let said = run(command.arg("--config").arg(place.config()).args(["user", "list"]));
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("can't be opened by this user\n  Run the command as root"), "{}", said.err);
    assert!(server.stop());
}
