//! Talking to the server by its client program.

use std::path::Path;

use super::{
    MariadbConfig,
    output::{Row, rows},
};
use crate::{
    program::Program,
    protocol::{Failure, FailureKind},
};

/// How long the client may take for one set of questions.
const SECONDS: u64 = 20;
/// What it may answer to one: a server with thousands of accounts.
const MAX_OUTPUT: usize = 4 << 20;
/// What is told of a refusal.
const TOLD: usize = 400;

/// Statements, one a line, and their answers.
pub(super) async fn ask(config: &MariadbConfig, statements: String) -> Result<Vec<Row>, Failure> {
    if statements.is_empty() {
        return Ok(Vec::new());
    }
    let program = Program {
        called: "the client of MariaDB",
        path: &config.client,
        arguments: arguments(config),
        input: statements,
        folder: Path::new("/"),
        seconds: SECONDS,
        output: MAX_OUTPUT,
    };
    let result = program.run().await?;
    if result.code != Some(0) {
        return Err(refused(config, &result.errors));
    }
    if result.is_cut {
        return Err(Failure::new(FailureKind::Failed, format!("the server answers more than {MAX_OUTPUT} bytes")));
    }
    rows(&result.output)
}

fn arguments(config: &MariadbConfig) -> Vec<String> {
    // Which files it reads must come first; a user's own in a home folder must not count.
    let mut arguments = match &config.defaults_file {
        Some(file) => vec![format!("--defaults-file={}", file.display())],
        None => vec!["--no-defaults".to_owned(), "--user=root".to_owned()],
    };
    arguments.push(format!("--socket={}", config.socket.display()));
    let fixed = [
        "--protocol=socket",
        "--batch",
        "--skip-column-names",
        "--skip-auto-rehash",
        "--skip-reconnect",
        "--binary-mode",
        "--default-character-set=utf8mb4",
        "--connect-timeout=10",
        // A server must not be able to have the client send it files.
        "--local-infile=0",
    ];
    arguments.extend(fixed.map(str::to_owned));
    arguments
}

fn refused(config: &MariadbConfig, errors: &str) -> Failure {
    let said: String = errors.trim().lines().take(3).collect::<Vec<_>>().join(" ").chars().take(TOLD).collect();
    let hint = if said.contains("ERROR 1045") || said.contains("ERROR 1698") {
        "\n  Name a file with user and password as [mariadb] defaults_file in the helper's file."
    } else if said.contains("ERROR 2002") {
        "\n  Does the server run, and is [mariadb] socket in the helper's file its socket?"
    } else {
        ""
    };
    Failure::new(FailureKind::Failed, format!("{} failed: {said}{hint}", config.client.display()))
}
