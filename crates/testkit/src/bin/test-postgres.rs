//! `cargo run -p palisade-testkit -- start | stop`: the PostgreSQL server that tests share.

use std::process::ExitCode;

use palisade_testkit::Postgres;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command's output")]
fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("start") => println!("{}", Postgres::shared().admin_url),
        Some("stop") => println!("{}", if Postgres::stop_shared() { "stopped and deleted" } else { "there was none" }),
        _ => {
            eprintln!("usage: test-postgres start | stop");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
