//! Commands: which may be run, and with which arguments.

use std::{collections::BTreeMap, path::PathBuf};

use regex::Regex;
use serde::Deserialize;

use crate::{
    config::Parameters,
    program::Program,
    protocol::{CommandResult, Failure, FailureKind, MAX_ARGUMENT},
};

/// What is kept of a command's output.
const MAX_OUTPUT: usize = 64 << 10;

/// `[[command]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandConfig {
    /// What it is called.
    pub name: String,
    /// The program, by its whole path.
    pub program: PathBuf,
    /// Its arguments, one by one. `{name}` in one stands for that parameter.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Parameters that must be given, and the expression that each must match wholly.
    #[serde(default)]
    pub parameters: Parameters,
    /// It is ended after so many seconds.
    #[serde(default = "usual_seconds")]
    pub seconds: u64,
    /// Where it runs.
    #[serde(default = "usual_folder")]
    pub folder: PathBuf,
    /// Folders that it may write to.
    #[serde(default)]
    pub writable: Vec<PathBuf>,
    /// Folders and files that it may read, beside programs and their libraries: its own configuration.
    #[serde(default)]
    pub readable: Vec<PathBuf>,
}

const fn usual_seconds() -> u64 {
    60
}

fn usual_folder() -> PathBuf {
    PathBuf::from("/")
}

/// A part of an argument.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Parameter(&'a str),
}

/// Checks a command of the file: what is wrong, and the way out.
pub(crate) fn check_command(command: &CommandConfig) -> Result<(), (String, String)> {
    let name = &command.name;
    for path in [&command.program, &command.folder].into_iter().chain(&command.writable).chain(&command.readable) {
        if !path.is_absolute() {
            let what = format!("the command {name:?} names {}, which is no whole path", path.display());
            return Err((what, "Begin it with /.".into()));
        }
    }
    if !(1..=3_600).contains(&command.seconds) {
        let what = format!("the command {name:?} may run {} seconds", command.seconds);
        return Err((what, "It can be 1 to 3600.".into()));
    }
    for (parameter, pattern) in &command.parameters {
        whole(pattern).map_err(|error| {
            let what = format!("the pattern of {parameter:?} of the command {name:?} is none: {error}");
            (what, "Write a regular expression, for example [a-z0-9.-]{1,253}.".into())
        })?;
    }
    for argument in &command.arguments {
        let parts = parts(argument).ok_or_else(|| {
            let what = format!("the argument {argument:?} of the command {name:?} has a brace without its other");
            (what, "Write {name} for a parameter.".to_owned())
        })?;
        for part in parts {
            if let Part::Parameter(parameter) = part
                && !command.parameters.contains_key(parameter)
            {
                let what = format!("the command {name:?} has no parameter {parameter:?}");
                return Err((what, format!("Add it under [command.parameters]: {parameter} = \"[a-z]+\"")));
            }
        }
    }
    Ok(())
}

fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(&format!(r"\A(?:{pattern})\z"))
}

/// `--name={name}` in its parts; `None` where a brace is alone.
fn parts(argument: &str) -> Option<Vec<Part<'_>>> {
    let (mut parts, mut rest) = (Vec::new(), argument);
    while let Some((text, after)) = rest.split_once('{') {
        let (parameter, after) = after.split_once('}')?;
        if text.contains('}') {
            return None;
        }
        parts.extend([Part::Text(text), Part::Parameter(parameter)]);
        rest = after;
    }
    parts.push(Part::Text(rest));
    (!rest.contains('}')).then_some(parts)
}

impl CommandConfig {
    /// Puts the given values into the arguments, each as the file allows it.
    ///
    /// # Errors
    /// What is missing, not asked for, or not of its pattern.
    pub fn fill(&self, given: &BTreeMap<String, String>) -> Result<Vec<String>, Failure> {
        let refused = |why: String| Err(Failure::new(FailureKind::Refused, why));
        if let Some(name) = given.keys().find(|name| !self.parameters.contains_key(*name)) {
            return refused(format!("the command {:?} has no parameter {name:?}", self.name));
        }
        for (name, pattern) in &self.parameters {
            let Some(value) = given.get(name) else {
                return refused(format!("the command {:?} needs the parameter {name:?}", self.name));
            };
            let fits = whole(pattern).is_ok_and(|pattern| pattern.is_match(value));
            if !fits || value.len() > MAX_ARGUMENT || value.contains('\0') {
                return refused(format!("the parameter {name:?} of {:?} is not of its pattern", self.name));
            }
        }
        self.arguments.iter().map(|argument| self.fill_one(argument, given)).collect()
    }

    fn fill_one(&self, argument: &str, given: &BTreeMap<String, String>) -> Result<String, Failure> {
        let mut filled = String::new();
        for part in parts(argument).unwrap_or_default() {
            filled.push_str(match part {
                Part::Text(text) => text,
                Part::Parameter(name) => given.get(name).map_or("", String::as_str),
            });
        }
        // Otherwise a value could pass for an option of the program.
        if filled.starts_with('-') && !argument.starts_with('-') {
            let why = format!(
                "a value for {argument} of {:?} begins with a hyphen: write --name={{…}} in the file",
                self.name
            );
            return Err(Failure::new(FailureKind::Refused, why));
        }
        Ok(filled)
    }

    /// Runs it, with no input.
    ///
    /// # Errors
    /// It can't be started, or did not end in time.
    pub async fn run(&self, given: &BTreeMap<String, String>) -> Result<CommandResult, Failure> {
        let program = Program {
            called: &self.name,
            path: &self.program,
            arguments: self.fill(given)?,
            input: String::new(),
            folder: &self.folder,
            seconds: self.seconds,
            output: MAX_OUTPUT,
        };
        program.run().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(program: &str, arguments: &[&str], parameters: &[(&str, &str)]) -> CommandConfig {
        let owned = |text: &&str| (*text).to_owned();
        CommandConfig {
            name: "try".to_owned(),
            program: program.into(),
            arguments: arguments.iter().map(owned).collect(),
            parameters: parameters.iter().map(|(name, pattern)| (owned(name), owned(pattern))).collect(),
            seconds: 1,
            folder: "/".into(),
            writable: Vec::new(),
            readable: Vec::new(),
        }
    }

    fn given(values: &[(&str, &str)]) -> BTreeMap<String, String> {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn values_are_put_in_where_the_file_says_and_nowhere_else() {
        let dns = command(
            "/bin/echo",
            &["set", "{name}", "--value={value}"],
            &[("name", "[a-z.]{1,9}"), ("value", "[A-Za-z0-9_-]+")],
        );
        let values = [("name", "a.b"), ("value", "-x")];
        assert_eq!(dns.fill(&given(&values)).unwrap(), ["set", "a.b", "--value=-x"]);
        for bad in [
            &[("name", "a.b")][..],
            &[("name", "a.b"), ("value", "x"), ("program", "/bin/sh")],
            &[("name", "a b"), ("value", "x")],
            &[("name", "a.b\n"), ("value", "x")],
            &[("name", "a.b;reboot"), ("value", "x")],
            &[("name", "$(id)"), ("value", "x")],
            &[("name", ""), ("value", "x")],
        ] {
            assert_eq!(dns.fill(&given(bad)).unwrap_err().kind, FailureKind::Refused, "{bad:?}");
        }
    }

    #[test]
    fn a_value_never_becomes_an_option() {
        let loose = command("/bin/echo", &["{value}"], &[("value", ".*")]);
        assert!(loose.fill(&given(&[("value", "--help")])).unwrap_err().message.contains("hyphen"));
        assert!(loose.fill(&given(&[("value", "x{value}")])).is_ok(), "what is put in is not looked at again");
    }

    #[test]
    fn a_command_that_cannot_work_is_refused_when_the_file_is_read() {
        let what = |command: &CommandConfig| check_command(command).unwrap_err().0;
        assert!(what(&command("sh", &[], &[])).contains("no whole path"));
        assert!(what(&command("/bin/sh", &["{who}"], &[])).contains("no parameter"));
        assert!(what(&command("/bin/sh", &["{who"], &[("who", ".")])).contains("brace"));
        assert!(what(&command("/bin/sh", &[], &[("who", "[")])).contains("pattern"));
    }

    #[tokio::test]
    async fn a_command_has_no_environment_and_no_shell() {
        let env = command("/usr/bin/env", &[], &[]).run(&given(&[])).await.unwrap();
        assert_eq!((env.code, env.output.as_str()), (Some(0), "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"));
        let echo = command("/bin/echo", &["{text}"], &[("text", "(?s).*")]);
        let said = echo.run(&given(&[("text", "$(id) `id` ; id > /tmp/x")])).await.unwrap();
        assert_eq!(said.output, "$(id) `id` ; id > /tmp/x\n");
    }

    #[tokio::test]
    async fn a_command_that_does_not_end_is_ended_with_all_that_it_started() {
        let mark = tempfile::NamedTempFile::new().unwrap();
        let script = format!("(sleep 3; echo late > {}) & sleep 60", mark.path().display());
        let failure = command("/bin/sh", &["-c", &script], &[]).run(&given(&[])).await.unwrap_err();
        assert!(failure.message.contains("was ended after 1 seconds"), "{failure}");
        let alive = std::process::Command::new("pgrep").args(["-f", &mark.path().display().to_string()]).output();
        assert!(alive.unwrap().stdout.is_empty(), "its child lives on");
    }

    #[tokio::test]
    async fn a_flood_of_output_is_cut_and_an_exit_code_told() {
        let script = "head -c 1000000 /dev/zero | tr '\\0' x; echo no >&2; exit 7";
        let result = command("/bin/sh", &["-c", script], &[]).run(&given(&[])).await.unwrap();
        assert_eq!((result.code, result.output.len(), result.is_cut), (Some(7), MAX_OUTPUT, true));
        assert_eq!(result.errors, "no\n");
    }
}
