//! Seals leave the host.

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use palisade_testkit::on_both_engines;
use palisade_trail::{FileSink, OutgoingSeal, Sink, SinkError, SyslogAddress, SyslogSink, Trail, find_notes};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, UdpSocket, UnixDatagram},
};

use crate::{
    MIGRATOR,
    support::{open_with, write},
};

/// A place that fails when told to.
#[derive(Default)]
struct Moody {
    fails: AtomicBool,
    taken: Mutex<Vec<u64>>,
}

#[async_trait]
impl Sink for Moody {
    fn name(&self) -> &str {
        "moody"
    }

    async fn deliver(&self, seals: &[OutgoingSeal]) -> Result<(), SinkError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(SinkError("the line is dead".into()));
        }
        self.taken.lock().unwrap().extend(seals.iter().map(|seal| seal.size));
        Ok(())
    }
}

/// Writes `rounds` leaves, each with a seal of its own.
async fn seal_rounds(db: &palisade_testkit::TestStore, trail: &Trail, rounds: usize) {
    for n in 0..rounds {
        write(db, n, 1).await;
        trail.flush_seal().await.unwrap();
    }
}

on_both_engines! {
    /// covers K6.2 (part)
    async fn a_place_that_failed_gets_every_seal_in_order_afterwards(db: TestStore) {
        let place = Arc::new(Moody::default());
        let trail = open_with(&db, vec![Arc::clone(&place) as Arc<dyn Sink>]).await;
        seal_rounds(&db, &trail, 2).await;
        place.fails.store(true, Ordering::SeqCst);
        seal_rounds(&db, &trail, 3).await;
        let status = trail.status().await.unwrap().sinks[0].clone();
        assert_eq!((status.delivered, status.error.as_deref()), (4, Some("the line is dead")));
        assert_eq!(status.failing_since, Some(db.env().now()));
        place.fails.store(false, Ordering::SeqCst);
        seal_rounds(&db, &trail, 1).await;
        assert_eq!(*place.taken.lock().unwrap(), [3, 4, 5, 6, 7, 8]);
        let status = trail.status().await.unwrap().sinks[0].clone();
        assert_eq!((status.delivered, status.error, status.failing_since), (8, None, None));
    }

    async fn after_a_restart_a_place_gets_what_it_has_not(db: TestStore) {
        let place = Arc::new(Moody::default());
        let trail = open_with(&db, vec![Arc::clone(&place) as Arc<dyn Sink>]).await;
        seal_rounds(&db, &trail, 2).await;
        trail.stop().await.unwrap();
        let without = open_with(&db, Vec::new()).await;
        seal_rounds(&db, &without, 2).await;
        let again = open_with(&db, vec![Arc::clone(&place) as Arc<dyn Sink>]).await;
        again.flush_seal().await.unwrap();
        assert_eq!(*place.taken.lock().unwrap(), [3, 4, 5, 6]);
    }

    async fn a_new_place_starts_with_the_newest_seal(db: TestStore) {
        let without = open_with(&db, Vec::new()).await;
        seal_rounds(&db, &without, 3).await;
        let place = Arc::new(Moody::default());
        open_with(&db, vec![Arc::clone(&place) as Arc<dyn Sink>]).await.flush_seal().await.unwrap();
        assert_eq!(*place.taken.lock().unwrap(), [5]);
    }

    /// covers K6.2 (part)
    async fn a_file_elsewhere_has_notes_that_verify_through_rotation_and_a_missing_disk(db: TestStore) {
        let disk = db.dir.path().join("disk");
        let (path, rotated) = (disk.join("seals"), disk.join("seals.1"));
        let trail = open_with(&db, vec![Arc::new(FileSink::new(path.clone()))]).await;
        seal_rounds(&db, &trail, 1).await;
        let error = trail.status().await.unwrap().sinks[0].error.clone().unwrap();
        assert!(error.contains("is the disk mounted?") && error.contains("disk/seals"), "{error}");
        assert!(!disk.exists());
        fs::create_dir(&disk).unwrap();
        seal_rounds(&db, &trail, 1).await;
        fs::rename(&path, &rotated).unwrap();
        fs::write(&path, "half a li").unwrap();
        seal_rounds(&db, &trail, 1).await;
        let read = |path| find_notes(&fs::read_to_string(path).unwrap()).0;
        let (old, new) = (read(&rotated), read(&path));
        assert_eq!(old.iter().chain(&new).map(|note| note.checkpoint().size).collect::<Vec<_>>(), [3, 4, 5]);
        assert!(old.iter().chain(&new).all(|note| note.is_signed_by(trail.vkey())));
        assert_eq!(trail.status().await.unwrap().sinks[0].error, None);
    }

    /// covers K6.2 (part)
    async fn syslog_gets_each_seal_by_unix_socket_udp_and_tcp(db: TestStore) {
        let socket = db.dir.path().join("log");
        let unix = UnixDatagram::bind(&socket).unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = [
            SyslogAddress::Unix(socket),
            SyslogAddress::Udp(udp.local_addr().unwrap().to_string()),
            SyslogAddress::Tcp(tcp.local_addr().unwrap().to_string()),
        ];
        let sinks = addresses.into_iter().map(|a| Arc::new(SyslogSink::new(a, "depot")) as Arc<dyn Sink>).collect();
        let trail = open_with(&db, sinks).await;
        seal_rounds(&db, &trail, 1).await;
        assert!(trail.status().await.unwrap().sinks.iter().all(|sink| sink.error.is_none() && sink.delivered == 3));
        let mut buffer = [0; 2048];
        let by_unix = unix.recv(&mut buffer).await.unwrap();
        let by_unix = String::from_utf8(buffer[..by_unix].to_vec()).unwrap();
        let by_udp = udp.recv(&mut buffer).await.unwrap();
        let by_udp = String::from_utf8(buffer[..by_udp].to_vec()).unwrap();
        let by_tcp = tcp.accept().await.unwrap().0.read(&mut buffer).await.unwrap();
        let by_tcp = String::from_utf8(buffer[..by_tcp].to_vec()).unwrap();
        assert!(by_unix.starts_with("<109>1 2026-03-02T09:00:00Z depot palisade - seal - seal: palisade/trail/"));
        assert_eq!(by_udp, by_unix);
        assert_eq!(by_tcp, format!("{} {by_unix}", by_unix.len()));
        let (notes, unreadable) = find_notes(&by_tcp);
        assert!(unreadable == 0 && notes[0].is_signed_by(trail.vkey()));
    }

    async fn a_dead_syslog_daemon_is_told_and_found_again(db: TestStore) {
        let socket = db.dir.path().join("log");
        let address = SyslogAddress::Unix(socket.clone());
        let trail = open_with(&db, vec![Arc::new(SyslogSink::new(address, ""))]).await;
        seal_rounds(&db, &trail, 1).await;
        let error = trail.status().await.unwrap().sinks[0].error.clone().unwrap();
        assert!(error.contains("does a syslog daemon listen there?"), "{error}");
        let daemon = UnixDatagram::bind(&socket).unwrap();
        seal_rounds(&db, &trail, 1).await;
        let mut buffer = [0; 2048];
        for size in ["\\n3\\n", "\\n4\\n"] {
            let length = daemon.recv(&mut buffer).await.unwrap();
            assert!(String::from_utf8_lossy(&buffer[..length]).contains(size));
        }
    }
}
