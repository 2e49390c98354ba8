//! `palisade demo`

use palisade_config::{LogConfig, LogLevel};
use palisade_server::{
    demo::{self, DemoOptions, Scale, Welcome},
    logging, stop_signal,
};

use crate::{
    cli::DemoArgs,
    failure::{Code, Failure},
    output::Output,
};

/// Makes or opens the demo, says how to get in, and serves until told to stop.
pub(crate) async fn run(args: DemoArgs, output: &Output) -> Result<(), Failure> {
    logging::start(&LogConfig { level: LogLevel::Warn, ..LogConfig::default() });
    let scale = args.people.zip(args.quarters).map(|(people, quarters)| Scale { people, quarters });
    let options = DemoOptions { listen: args.listen, data: args.data, seed: args.seed, scale };
    if !output.is_json() {
        output.progress("Opening the demo company; the first time this takes a few seconds.");
    }
    let demo = demo::prepare(&options).await?;
    let welcome = serde_json::to_value(&demo.welcome)
        .map_err(|error| Failure::new(Code::Unusable, "unusable", error.to_string()))?;
    output.result(&welcome, || words(&demo.welcome, &options));
    Ok(demo.running.serve(stop_signal()).await?)
}

fn words(welcome: &Welcome, options: &DemoOptions) -> String {
    let mut text = format!("\nPalisade is ready at {}\n\n", welcome.url);
    text.push_str("Your browser will warn about the certificate: it is self-signed, made on this machine.\n");
    text.push_str("Each link signs you in at once, one time:\n");
    for account in &welcome.accounts {
        text.push_str(&format!("\n  {:<9} {}\n", account.role, account.link));
        text.push_str(&format!("            later: {} / {}\n", account.user, account.password));
        text.push_str(&format!("            authenticator key: {}\n", account.totp_secret));
    }
    let data = options.data.display();
    text.push_str(&format!("\nFrom another terminal: palisade --config {data} status (or user list, trail verify, …)"));
    text.push_str("\nStop with Ctrl-C. Start again and it goes on; remove the data directory to begin anew.\n");
    text
}
