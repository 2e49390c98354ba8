//! `palisade cert …`

use std::path::Path;

use palisade_server::control::Request;

use super::server::{ask, list};
use crate::{
    cli::CertCommand,
    failure::Failure,
    output::{Output, text},
};

pub(crate) async fn run(config: &Path, command: CertCommand, output: &Output) -> Result<(), Failure> {
    match command {
        CertCommand::List => {
            let columns = [
                ("HOST", "host"),
                ("SITE", "site"),
                ("SOURCE", "source"),
                ("ISSUER", "issuer"),
                ("UNTIL", "not_after"),
                ("DAYS", "days_left"),
                ("NEXT", "next_renewal"),
                ("PROBLEM", "problem"),
            ];
            list(config, &Request::CertList, output, &columns).await.map(drop)
        }
        CertCommand::Issue { site } => {
            order(config, &Request::CertIssue { site }, output, "No certificate is missing.").await
        }
        CertCommand::Renew { site, dry_run } => {
            let nothing = if dry_run { "No site orders its certificate from a CA." } else { "No certificate is due." };
            order(config, &Request::CertRenew { site, dry_run }, output, nothing).await
        }
        CertCommand::Root => {
            let root = ask(config, &Request::CertRoot, output).await?;
            output.result(&root, || text(&root, "pem").trim_end().to_owned());
            Ok(())
        }
    }
}

async fn order(config: &Path, request: &Request, output: &Output, nothing: &str) -> Result<(), Failure> {
    let columns = [("SITE", "site"), ("ISSUER", "issuer"), ("NAMES", "names"), ("UNTIL", "not_after")];
    let done = list(config, request, output, &columns).await?;
    if !output.is_json() && done["issued"] == 0 {
        output.line(nothing);
    }
    Ok(())
}
