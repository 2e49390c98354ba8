//! `palisade harden …`

use std::path::Path;

use palisade_server::control::Request;
use serde_json::Value;

use super::server::{ask, ask_for_items};
use crate::{
    cli::{HardenApplyArgs, HardenCommand},
    failure::Failure,
    output::{Output, text},
};

pub(crate) async fn run(config: &Path, command: HardenCommand, output: &Output) -> Result<(), Failure> {
    match command {
        HardenCommand::Plan => plan(config, output).await,
        HardenCommand::Apply(args) => apply(config, args, output).await,
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
    output.result(&applied, || {
        let done = applied["done"].as_array().into_iter().flatten().filter_map(Value::as_str);
        done.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}
