//! `palisade harden …`

use std::path::Path;

use palisade_config::Config;
use palisade_posture::host::firewall::{FirewallForm, print_firewall, rules_of};
use palisade_server::control::Request;
use serde_json::{Value, json};

use super::server::{ask, ask_for_items};
use crate::{
    cli::{HardenApplyArgs, HardenCommand, HardenConfirmArgs, HardenPrintArgs, PrintForm},
    failure::{Code, Failure},
    output::{Output, text},
};

pub(crate) async fn run(config: &Path, command: HardenCommand, output: &Output) -> Result<(), Failure> {
    match command {
        HardenCommand::Plan => plan(config, output).await,
        HardenCommand::Apply(args) => apply(config, args, output).await,
        HardenCommand::Confirm(args) => confirm(config, args, output).await,
        HardenCommand::Print(args) => print(config, &args, output),
    }
}

async fn plan(config: &Path, output: &Output) -> Result<(), Failure> {
    let result = ask_for_items(config, &Request::HardenPlan, output, |plan| {
        if output.is_json() {
            output.line(&plan.to_string());
        } else {
            show(&plan, output);
        }
    });
    let result = result.await?;
    output.result(&result, || match result["plans"].as_u64() {
        Some(0) => "There is nothing that the program could mend by itself.".to_owned(),
        _ => "Nothing was changed.".to_owned(),
    });
    Ok(())
}

fn show(plan: &Value, output: &Output) {
    let name = text(plan, "mender");
    if let Some(problem) = plan["problem"].as_str() {
        return output.line(&format!("{name}: {problem}\n"));
    }
    output.line(&format!("{name}: {}", text(plan, "title")));
    for (number, step) in plan["steps"].as_array().into_iter().flatten().enumerate() {
        output.line(&format!("\n  {}. {}", number + 1, text(step, "what")));
        for line in text(step, "difference").lines() {
            output.line(&format!("     {line}"));
        }
    }
    output.line(&format!("\n  To have it done: palisade harden apply {name} --plan {}\n", text(plan, "plan")));
}

async fn apply(config: &Path, args: HardenApplyArgs, output: &Output) -> Result<(), Failure> {
    let request = Request::HardenApply { mender: args.mender, plan: args.plan };
    let applied = ask(config, &request, output).await?;
    output.result(&applied, || what_was_done(&applied));
    Ok(())
}

async fn confirm(config: &Path, args: HardenConfirmArgs, output: &Output) -> Result<(), Failure> {
    let confirmed = ask(config, &Request::HardenConfirm { mender: args.mender }, output).await?;
    output.result(&confirmed, || what_was_done(&confirmed));
    Ok(())
}

fn what_was_done(answer: &Value) -> String {
    let done = answer["done"].as_array().into_iter().flatten().filter_map(Value::as_str);
    done.collect::<Vec<_>>().join("\n")
}

/// No server is needed for it, and nothing is changed.
fn print(config: &Path, args: &HardenPrintArgs, output: &Output) -> Result<(), Failure> {
    let rules = rules_of(&Config::load(config)?)
        .map_err(|error| Failure::new(Code::NotDone, "no_rules", error.message().to_owned()))?;
    let form = match args.form {
        PrintForm::Nftables => FirewallForm::Nftables,
        PrintForm::Ufw => FirewallForm::Ufw,
        PrintForm::Iptables => FirewallForm::Iptables,
    };
    let text = print_firewall(&rules, form);
    output.result(&json!({ "rules": text }), || text.trim_end().to_owned());
    Ok(())
}
