//! Running the program.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use palisade_testkit::TestDatabase;
use serde_json::Value;

/// A directory with a configuration, and the database that it uses.
pub(crate) struct Place {
    pub(crate) database: TestDatabase,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// The result as JSON, of a command that was asked for it and succeeded.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(self.out.lines().last().unwrap_or("")).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

impl Place {
    pub(crate) fn new(database: TestDatabase) -> Self {
        let place = Self { database };
        let data = place.data().display().to_string();
        let text = format!(
            "data_dir = {data:?}\n\n[listen]\nhttps = [\"127.0.0.1:0\"]\nhttp = []\noperations = \"127.0.0.1:0\"\n\n\
             [[site]]\nname = \"kpi\"\nhosts = [\"localhost\"]\n",
        );
        fs::write(place.config(), text).unwrap();
        place
    }

    /// On SQLite, in the data directory as by default.
    pub(crate) fn embedded() -> Self {
        Self::new(TestDatabase::sqlite())
    }

    pub(crate) fn dir(&self) -> &Path {
        self.database.dir.path()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.dir().join("palisade.toml")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir().join("data")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.data().join("control.sock")
    }

    /// The program with this configuration and database.
    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command.arg("--config").arg(self.config()).env_remove("DATABASE_URL").env_remove("PALISADE_OWNER_DATABASE_URL");
        if self.database.runtime_user().is_some() {
            command
                .env("DATABASE_URL", &self.database.url)
                .env("PALISADE_OWNER_DATABASE_URL", &self.database.owner_url);
        }
        command
    }

    /// The program for commands to the server, which it finds by the data directory.
    pub(crate) fn by_data_dir(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command.arg("--config").arg(self.data());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        run(self.program().args(args))
    }

    /// Sets up, and serves until the value is dropped.
    pub(crate) fn serve(&self) -> Server {
        let said = self.run(&["setup"]);
        assert_eq!(said.code, 0, "{said:?}");
        self.start()
    }

    /// Serves what is set up already.
    pub(crate) fn start(&self) -> Server {
        let log = fs::File::options().create(true).append(true).open(self.dir().join("log")).unwrap();
        let child = self.program().arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut server = Server { child };
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.run(&["status"]).code != 0 {
            let log = || fs::read_to_string(self.dir().join("log")).unwrap();
            assert!(server.child.try_wait().unwrap().is_none(), "the server ended: {}", log());
            assert!(Instant::now() < deadline, "the server did not come up: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Said {
    let output = command.stdin(Stdio::null()).output().unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A server that runs; killed when dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
}

impl Server {
    /// Asks it to stop, as a service manager does; gives whether it went well.
    pub(crate) fn stop(mut self) -> bool {
        run(Command::new("kill").arg(self.child.id().to_string()));
        self.child.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Declares each test twice: with a server on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($(#[$doc:meta])* fn $name:ident($place:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "a test may need nothing from its module")]
            use super::*;

            fn check($place: crate::program::Place) $body

            $(#[$doc])*
            #[test]
            fn sqlite() {
                check(crate::program::Place::embedded());
            }

            $(#[$doc])*
            #[test]
            fn postgres() {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                check(crate::program::Place::new(runtime.block_on(palisade_testkit::TestDatabase::postgres())));
            }
        }
    )*};
}
pub(crate) use on_both;
