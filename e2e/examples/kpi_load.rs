//! `kpi_load PEOPLE QUARTERS`: makes a company that large, asks its pages at 8 at once, and prints `name value` lines.
//!
//! `cargo xtask bench kpi` runs it with the release build of the program (`PALISADE_BINARY`).
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a bench ends with what is wrong")]

use std::{path::Path, time::Instant};

use palisade_e2e::{Client, Palisade};

const AT_ONCE: usize = 8;
/// Requests of each page by each of the 8: enough for a 99th percentile.
const EACH: usize = 100;
const WARM_UP: usize = 5;
/// How many changes are made, each with one look behind it.
const CHANGES: usize = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u32>().expect("a number"));
    let (people, quarters) = (args.next().expect("how many people"), args.next().expect("how many quarters"));
    let made = Instant::now();
    let palisade = Palisade::large(people as usize, quarters);
    println!("made {:.0} s", made.elapsed().as_secs_f64());
    println!("database {:.0} MiB", mebibytes(&palisade.data_dir()));
    let client = Client::signed_in(&palisade, palisade.account("admin")).await;
    let employee = client.get("/api/v1/employees?per_page=1").await.json()["data"][0]["id"].as_str().map(str::to_owned);
    let profile = format!("/employees/{}", employee.expect("somebody works there"));
    for (name, path) in
        [("dashboard", "/"), ("profile", profile.as_str()), ("coverage", "/coverage"), ("report", "/reports/team")]
    {
        measure(&palisade, &client, (name, path)).await;
    }
    measure_after_changes(&client).await;
}

/// The first look at the dashboard behind a change, which nothing that was kept helps with.
async fn measure_after_changes(client: &Client) {
    let mut millis = Vec::with_capacity(CHANGES);
    for number in 0..CHANGES {
        let (page, name) = ("/tool-categories/new", format!("Measured {number}"));
        let made = client.post_form(page, page, &[("name", &name), ("display_order", "0")]).await;
        assert_eq!(made.status, 303, "{}", made.text);
        let asked = Instant::now();
        assert_eq!(client.get("/").await.status, 200);
        millis.push(asked.elapsed().as_secs_f64() * 1_000.0);
    }
    millis.sort_by(f64::total_cmp);
    println!("changed p50 {:.1} ms, slowest {:.1} ms", millis[CHANGES / 2], millis[CHANGES - 1]);
}

/// Asks for one page, 8 at once; a page that is not there says so instead of a figure.
async fn measure(palisade: &Palisade, client: &Client, (name, path): (&str, &str)) {
    for _ in 0..WARM_UP {
        let status = client.get(path).await.status;
        if status != 200 {
            println!("{name} none ({path} answers {status})");
            return;
        }
    }
    let (began, before) = (Instant::now(), cpu_ms(palisade.process_id()));
    let askers = (0..AT_ONCE).map(|_| {
        let (client, path) = (client.clone(), path.to_owned());
        tokio::spawn(async move {
            let mut millis = Vec::with_capacity(EACH);
            for _ in 0..EACH {
                let asked = Instant::now();
                assert_eq!(client.get(&path).await.status, 200);
                millis.push(asked.elapsed().as_secs_f64() * 1_000.0);
            }
            millis
        })
    });
    let mut millis = Vec::new();
    for asker in askers.collect::<Vec<_>>() {
        millis.extend(asker.await.unwrap());
    }
    let count = millis.len();
    let cpu = (cpu_ms(palisade.process_id()) - before) / count as f64;
    millis.sort_by(f64::total_cmp);
    let at = |percent: usize| millis[(count * percent / 100).min(count - 1)];
    let rate = count as f64 / began.elapsed().as_secs_f64();
    println!("{name} p50 {:.1} ms, p99 {:.1} ms, {cpu:.2} ms CPU each, {rate:.0}/s", at(50), at(99));
}

/// Processor time that the process has used, in milliseconds: the kernel counts in hundredths of a second.
fn cpu_ms(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name in brackets may hold spaces; user and system time are the 12th and 13th field behind it.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |place: usize| fields[place].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) * 10.0
}

fn mebibytes(folder: &Path) -> f64 {
    let files = std::fs::read_dir(folder).unwrap().filter_map(Result::ok);
    let is_database = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("palisade.db");
    let bytes: u64 = files.filter(is_database).filter_map(|entry| Some(entry.metadata().ok()?.len())).sum();
    bytes as f64 / (1024.0 * 1024.0)
}
