//! `palisade setup` and `palisade migrate`: they open the store themselves, under its lock.

use std::{fs::OpenOptions, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use palisade_config::{Config, HostName};
use palisade_server::{
    control::{self, ClientError, Request},
    host,
};
use serde_json::{Value, json};

use super::server::load;
use crate::{
    cli::SetupArgs,
    failure::{Code, Failure},
    output::{Output, text},
};

/// Makes what is missing (configuration, data directory, key file, schema), and prints the first administrator's link.
pub(crate) async fn setup(path: &Path, args: &SetupArgs, output: &Output) -> Result<(), Failure> {
    if !path.exists() {
        write_config(path, args)?;
        output.progress(&format!("Wrote {}.", path.display()));
    }
    let config = load(path)?;
    host::prepare_data_dir(&config)?;
    config.check()?;
    if config.console_host().is_none() {
        return without_console(path, &config, output).await;
    }
    // With a server running, it is the one to ask; else nobody else uses the database, and the lock makes sure of it.
    let link = match control::call(&control::socket_path(&config.data_dir), &Request::SetUpLink, |_| {}).await {
        Err(ClientError::NotRunning(_)) => link_without_server(config, output).await?,
        answer => answer?,
    };
    output.result(&link, || {
        format!(
            "Open this address in a browser to make the first administrator (works once, until {}):\n{}\nServe with: palisade serve --config {}",
            text(&link, "expires_at"),
            text(&link, "link"),
            path.display(),
        )
    });
    Ok(())
}

/// There is nowhere to sign in, so there is no link; everything else is made.
async fn without_console(path: &Path, config: &Config, output: &Output) -> Result<(), Failure> {
    match host::migrate(config).await {
        // The running server has made it all.
        Ok(_) => {}
        Err(_) if control::socket_path(&config.data_dir).exists() => {}
        Err(error) => return Err(error.into()),
    }
    output.progress("No console is served: [console] has no host. Commands at this host work without it.");
    output.result(&json!({ "link": null }), || format!("Serve with: palisade serve --config {}", path.display()));
    Ok(())
}

async fn link_without_server(config: Config, output: &Output) -> Result<Value, Failure> {
    output.progress("Looking at the schema.");
    host::migrate(&config).await?;
    Ok(host::set_up_link(config).await?)
}

pub(crate) async fn migrate(path: &Path, output: &Output) -> Result<(), Failure> {
    let config = load(path)?;
    output.progress("Looking at the schema.");
    let steps = host::migrate(&config).await?;
    output.result(&json!({ "steps": steps }), || match steps {
        0 => "The database has every step already.".to_owned(),
        1 => "Applied 1 step.".to_owned(),
        steps => format!("Applied {steps} steps."),
    });
    Ok(())
}

/// A first configuration with what has no default: the host.
fn write_config(path: &Path, args: &SetupArgs) -> Result<(), Failure> {
    let Some(host) = &args.host else {
        return Err(Failure::new(
            Code::Wrong,
            "configuration",
            format!(
                "there is no configuration at {}\n  Name the host that people will open, and setup writes one: \
                 palisade setup --host kpi.example.com",
                path.display()
            ),
        ));
    };
    let host = HostName::parse(host).map_err(|error| Failure::new(Code::Wrong, "usage", format!("--host: {error}")))?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|error| {
        let hint = "Its directory must exist, and this user must be able to write there.";
        Failure::new(Code::Unusable, "file", format!("{} can't be written: {error}\n  {hint}", path.display()))
    })?;
    Ok(file.write_all(config_text(&host, args).as_bytes())?)
}

fn config_text(host: &HostName, args: &SetupArgs) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let company = args.company.as_deref().unwrap_or("Our company");
    format!(
        "# Palisade's configuration. docs/configuration.md lists every key.\n\
         data_dir = {}\n\n\
         [company]\nname = {}\n\n\
         [[site]]\nname = \"kpi\"\nhosts = [{}]\napp = \"kpi\"\n",
        quoted(&args.data.display().to_string()),
        quoted(company),
        quoted(&host.to_string()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_that_setup_writes_is_one_that_serve_takes() {
        let args = SetupArgs {
            host: Some("kpi.example.com".to_owned()),
            data: "/var/lib/palisade".into(),
            company: Some("Ann \"the hammer\" & Sons".to_owned()),
        };
        let text = config_text(&HostName::parse("kpi.example.com").unwrap(), &args);
        let config = Config::parse(Path::new("palisade.toml"), &text).unwrap();
        assert_eq!(config.company.name, "Ann \"the hammer\" & Sons");
        assert_eq!(config.console_host().unwrap().to_string(), "kpi.example.com");
        assert_eq!(config.data_dir, Path::new("/var/lib/palisade"));
    }
}
