//! Two network namespaces with a wire between them: a host that is guarded, and a client that is not this machine.

use std::{
    ffi::OsStr,
    fs::File,
    io,
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    os::fd::AsFd as _,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Two namespaces. They go with it.
#[derive(Debug)]
pub struct Namespaces {
    host: String,
    client: String,
}

/// The host's address. All addresses of the wire are documentation's, so that nothing else can be meant.
pub const HOST: &str = "198.51.100.1";
/// The client's own address.
pub const CLIENT: &str = "198.51.100.2";
/// Another address of the client: somebody else, to the host.
pub const OTHER_CLIENT: &str = "198.51.100.3";
/// One more.
pub const THIRD_CLIENT: &str = "198.51.100.4";
/// The host's address in IPv6.
pub const HOST_V6: &str = "2001:db8:1::1";
/// The client's address in IPv6.
pub const CLIENT_V6: &str = "2001:db8:1::2";

/// Long enough for a packet that gets through, on a busy machine.
const CONNECT: Duration = Duration::from_millis(900);

impl Namespaces {
    /// Makes them. A machine that can't is one where this can't be tested, which is a failure and no success.
    ///
    /// # Panics
    /// They can't be made.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it makes something in the kernel, which nobody does by the way")]
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = format!("{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let made = Self { host: format!("palisade-h{number}"), client: format!("palisade-c{number}") };
        let (host, client) = (made.host.as_str(), made.client.as_str());
        ip(&["netns", "add", host]);
        ip(&["netns", "add", client]);
        ip(&["-n", host, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", client]);
        for (name, addresses) in
            [(host, &[HOST, HOST_V6][..]), (client, &[CLIENT, OTHER_CLIENT, THIRD_CLIENT, CLIENT_V6])]
        {
            for address in addresses {
                let length = if address.contains(':') { 64 } else { 24 };
                ip(&["-n", name, "address", "add", &format!("{address}/{length}"), "dev", "wire", "nodad"]);
            }
            ip(&["-n", name, "link", "set", "lo", "up"]);
            ip(&["-n", name, "link", "set", "wire", "up"]);
        }
        made
    }

    /// Does something on the host, on a thread that is there.
    ///
    /// # Panics
    /// It panics, or the thread can't get there.
    pub fn on_host<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        within(&self.host, work)
    }

    /// Does something on the client, on a thread that is there. What it starts is there, too.
    ///
    /// # Panics
    /// It panics, or the thread can't get there.
    pub fn on_client<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        within(&self.client, work)
    }

    /// A program that will run on the host.
    #[must_use]
    pub fn host_command(&self, program: impl AsRef<OsStr>) -> Command {
        command_in(&self.host, program.as_ref())
    }

    /// A program that will run on the client.
    #[must_use]
    pub fn client_command(&self, program: impl AsRef<OsStr>) -> Command {
        command_in(&self.client, program.as_ref())
    }

    /// A listener on the host, on IPv4 and IPv6, that takes connections until the end.
    ///
    /// # Panics
    /// The port is taken.
    pub fn listen(&self, port: u16) {
        let listener = self.on_host(|| TcpListener::bind(SocketAddr::from(([0_u16; 8], port))).unwrap());
        std::thread::spawn(move || listener.incoming().for_each(drop));
    }

    /// Whether the client can reach this port of the host, coming from this address.
    ///
    /// # Panics
    /// `from` is no address.
    #[must_use]
    pub fn can_connect(&self, from: &str, port: u16) -> bool {
        within(&self.client, || connect(from.parse().unwrap(), port).is_ok())
    }

    /// The host's firewall, as `nft list` tells it.
    ///
    /// # Panics
    /// It can't be asked.
    #[must_use]
    pub fn rules(&self) -> String {
        let output = self.host_command("nft").args(["list", "ruleset"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for name in [&self.host, &self.client] {
            let _ = Command::new("ip").args(["netns", "delete", name]).status();
        }
    }
}

fn command_in(namespace: &str, program: &OsStr) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace]).arg(program);
    command
}

fn ip(arguments: &[&str]) {
    let wanted = "this test needs root, iproute2 and nftables (`cargo xtask setup` installs them)";
    let output = Command::new("ip").args(arguments).output().unwrap_or_else(|error| panic!("{wanted}: ip: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{wanted}: ip {}: {said}", arguments.join(" "));
}

/// Runs something on a thread of its own that has moved into the namespace.
fn within<T: Send>(namespace: &str, work: impl FnOnce() -> T + Send) -> T {
    let file = File::open(format!("/run/netns/{namespace}")).unwrap();
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        });
        thread.join().unwrap()
    })
}

fn connect(from: IpAddr, port: u16) -> io::Result<TcpStream> {
    let host = if from.is_ipv4() { HOST } else { HOST_V6 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let socket = if from.is_ipv4() { tokio::net::TcpSocket::new_v4()? } else { tokio::net::TcpSocket::new_v6()? };
        socket.bind(SocketAddr::new(from, 0))?;
        let connecting = socket.connect(SocketAddr::new(host.parse().unwrap(), port));
        tokio::time::timeout(CONNECT, connecting).await??.into_std()
    })
}
