//! Ports for programs that have to be told one.

use std::{
    net::{Ipv4Addr, TcpListener},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// Below the ports that the system gives away by itself (32768 and above): what is asked for with port 0, and the near end of
/// each connection, is none of these, so that nobody is given one between the moment of asking and that of listening.
const FIRST: u32 = 10_000;
const COUNT: u32 = 20_000;
/// How far the ports of two test processes that were started one after the other lie apart.
const APART: u32 = 61;

/// Ports of the loopback address that nobody listens on, all different, and given to no other test.
///
/// # Panics
/// All are taken.
#[must_use]
pub fn free_ports<const N: usize>() -> [u16; N] {
    std::array::from_fn(|_| free_port())
}

/// One such port.
///
/// # Panics
/// All are taken.
#[must_use]
pub fn free_port() -> u16 {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let mut tried = (0..COUNT).map(|_| {
        let number = process::id().wrapping_mul(APART).wrapping_add(NUMBER.fetch_add(1, Ordering::Relaxed));
        u16::try_from(FIRST + number % COUNT).unwrap()
    });
    tried.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).expect("a port is free")
}
