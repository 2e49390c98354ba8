//! `jail.conf`, `jail.d/*.conf`, `jail.local`, `jail.d/*.local`: which jails there are, and their rules.

use std::{net::IpAddr, sync::Arc};

use ipnet::{IpNet, Ipv4Net};
use palisade_base::Span;

use super::{
    duration::{BanTime, parse_ban_time, parse_duration},
    policy::{Increment, JailPolicy, MAX_RETRY},
};
use crate::{
    files::ConfigFiles,
    filter::{Definition, Filter, split_options},
    ini::{Ini, Lookup, Options, Value, load, shortened},
    problem::{JailError, Place, Warning},
};

/// The options of a jail that a filter's own are replaced by.
const FILTER_OPTIONS: [&str; 6] = ["usedns", "prefregex", "ignoreregex", "failregex", "maxlines", "datepattern"];
/// What fail2ban runs for itself, and we do not.
const NOT_RUN: [(&str, &str); 3] = [
    ("ignorecommand", "No command is run to decide about an address. List the addresses under `ignoreip`."),
    ("bantime.formula", "Formulas are not run. Use `bantime.multipliers`, or let each ban be twice as long."),
    ("bantime.rndtime", "Bans are not lengthened by chance. Take the option out."),
];

/// A log file, or several by a pattern with `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPath {
    /// As written; patterns are for whoever opens the files.
    pub path: String,
    /// Begin at its end rather than with what it holds already.
    pub from_end: bool,
}

/// One jail as configured.
#[derive(Clone, Debug)]
pub struct JailConfig {
    /// Its name.
    pub name: String,
    /// Where its section begins to say something.
    pub place: Place,
    /// How its log lines are judged.
    pub filter: Arc<Filter>,
    /// The files that it reads.
    pub log_paths: Vec<LogPath>,
    /// When it bans.
    pub policy: JailPolicy,
    /// The time zone of dates that name none (`logtimezone`), as written.
    pub time_zone: Option<String>,
}

/// The jails of a configuration.
#[derive(Clone, Debug, Default)]
pub struct JailFiles {
    /// The enabled ones that can be used.
    pub jails: Vec<JailConfig>,
    /// The enabled ones that cannot, and why. One broken jail does not open the others.
    pub broken: Vec<JailError>,
    /// What works otherwise than in fail2ban.
    pub warnings: Vec<Warning>,
}

impl JailFiles {
    /// Reads the enabled jails of a folder like `/etc/fail2ban`.
    ///
    /// # Errors
    /// The jail files themselves cannot be read.
    pub fn read(files: &dyn ConfigFiles) -> Result<Self, JailError> {
        let mut found = Self::default();
        let ini = load(files, "jail", &mut found.warnings)?;
        for name in ini.sections.keys().filter(|name| !name.contains('/')) {
            let section = Section { ini: &ini, name, files };
            match section.read(&mut found.warnings) {
                Ok(Some(jail)) => found.jails.push(jail),
                Ok(None) => {}
                Err(error) => found.broken.push(error),
            }
        }
        found.warnings.dedup();
        Ok(found)
    }
}

/// A network of this length holds a sixteenth of all addresses; a shorter one is as good as all of them.
const NEARLY_ALL: u8 = 4;

/// An address or a network; IPv4 in IPv6 form as IPv4, as addresses are compared.
fn parse_network(word: &str) -> Option<IpNet> {
    let network = word.parse::<IpNet>().or_else(|_| word.parse::<IpAddr>().map(IpNet::from)).ok()?;
    match (network.addr().to_canonical(), network.prefix_len()) {
        (IpAddr::V4(v4), length @ 96..) if network.addr().is_ipv6() => {
            Ipv4Net::new(v4, length - 96).ok().map(IpNet::from)
        }
        _ => Some(network),
    }
}

struct Section<'a> {
    ini: &'a Ini,
    name: &'a str,
    files: &'a dyn ConfigFiles,
}

impl Section<'_> {
    fn get(&self, option: &str) -> Result<Option<Value>, JailError> {
        self.get_with(option, &Options::new())
    }

    fn get_with(&self, option: &str, given: &Options) -> Result<Option<Value>, JailError> {
        let found = Lookup { ini: self.ini, section: self.name, given }.get(option)?;
        Ok(found.filter(|value| !value.text.trim().is_empty()))
    }

    /// The jail, if it is enabled.
    fn read(&self, warnings: &mut Vec<Warning>) -> Result<Option<JailConfig>, JailError> {
        if !self.flag("enabled")? {
            return Ok(None);
        }
        let call = self.filter_call()?;
        let filter = self.filter(&call, warnings)?;
        let policy = self.policy(warnings)?;
        let time_zone = self.get("logtimezone")?.map(|value| value.text);
        let place = call.place;
        let log_paths = self.log_paths()?;
        self.warn(&filter, &log_paths, &place, warnings)?;
        Ok(Some(JailConfig {
            name: self.name.to_owned(),
            place,
            filter: Arc::new(filter),
            log_paths,
            policy,
            time_zone,
        }))
    }

    fn place(&self) -> Place {
        let own = self.ini.sections.get(self.name);
        let first = own.and_then(|options| options.values().map(|value| &value.place).min());
        first.unwrap_or(&self.ini.place).clone()
    }

    /// The filter's name and parameters; a jail is named after its filter where it does not say.
    fn filter_call(&self) -> Result<Value, JailError> {
        let found = self.get_with("filter", &Options::new())?;
        Ok(found.unwrap_or_else(|| Value { text: self.name.to_owned(), place: self.place() }))
    }

    fn filter(&self, call: &Value, warnings: &mut Vec<Warning>) -> Result<Filter, JailError> {
        let mut own = Vec::new();
        let mut definition = Definition::read(self.files, call, &Options::new(), &mut own)?;
        // What the jail says of its own goes before the filter's; `%(known/failregex)s` is the filter's.
        let known: Options =
            definition.known.iter().map(|(name, value)| (format!("known/{name}"), value.clone())).collect();
        for option in FILTER_OPTIONS {
            if self.ini.own(self.name, option).is_some()
                && let Some(value) = self.get_with(option, &known)?
            {
                definition.options.insert(option.to_owned(), value);
            }
        }
        let (name, _) = split_options(&call.text, &call.place)?;
        let filter = Filter::compile(&name, &definition, own)?;
        warnings.extend_from_slice(filter.warnings());
        Ok(filter)
    }

    fn policy(&self, warnings: &mut Vec<Warning>) -> Result<JailPolicy, JailError> {
        let defaults = JailPolicy::default();
        Ok(JailPolicy {
            max_retry: self.number("maxretry")?.unwrap_or(defaults.max_retry),
            find_time: self.duration("findtime")?.unwrap_or(defaults.find_time),
            ban_time: self.ban_time()?.unwrap_or(defaults.ban_time),
            increment: self.increment()?,
            allowed: self.allowed(warnings)?,
            is_shadow: false,
        })
    }

    fn flag(&self, option: &str) -> Result<bool, JailError> {
        let Some(value) = self.get(option)? else { return Ok(false) };
        Ok(matches!(value.text.trim().to_lowercase().as_str(), "1" | "on" | "true" | "yes"))
    }

    fn number(&self, option: &str) -> Result<Option<u32>, JailError> {
        let Some(value) = self.get(option)? else { return Ok(None) };
        let number = value.text.trim().parse().ok().filter(|number| (1..=MAX_RETRY).contains(number));
        number.map(Some).ok_or_else(|| self.wrong(option, &value, "a number from 1 to 100000, for example 5"))
    }

    fn duration(&self, option: &str) -> Result<Option<Span>, JailError> {
        let Some(value) = self.get(option)? else { return Ok(None) };
        let span = parse_duration(&value.text).filter(|span| *span > Span::ZERO);
        span.map(Some).ok_or_else(|| self.wrong(option, &value, "a length of time, for example 600 or 10m"))
    }

    fn ban_time(&self) -> Result<Option<BanTime>, JailError> {
        let Some(value) = self.get("bantime")? else { return Ok(None) };
        let wanted = "a length of time, for example 1h, or -1 for ever";
        parse_ban_time(&value.text).map(Some).ok_or_else(|| self.wrong("bantime", &value, wanted))
    }

    fn increment(&self) -> Result<Option<Increment>, JailError> {
        if !self.flag("bantime.increment")? {
            return Ok(None);
        }
        let numbers = |option: &str| -> Result<Vec<f64>, JailError> {
            let Some(value) = self.get(option)? else { return Ok(Vec::new()) };
            let read = |word: &str| word.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
            let numbers: Option<Vec<f64>> = value.text.split_whitespace().map(read).collect();
            numbers.ok_or_else(|| self.wrong(option, &value, "numbers above 0, for example 1 2 4 8"))
        };
        Ok(Some(Increment {
            factor: numbers("bantime.factor")?.first().copied().unwrap_or(1.0),
            multipliers: numbers("bantime.multipliers")?,
            max_time: self.duration("bantime.maxtime")?,
        }))
    }

    fn wrong(&self, option: &str, value: &Value, wanted: &str) -> JailError {
        let what = format!("`{option} = {}` in [{}] is not understood", shortened(&value.text), self.name);
        JailError::new(value.place.clone(), what, format!("Write {wanted}."))
    }

    fn allowed(&self, warnings: &mut Vec<Warning>) -> Result<Vec<IpNet>, JailError> {
        let Some(value) = self.get("ignoreip")? else { return Ok(Vec::new()) };
        let mut networks = Vec::new();
        for word in value.text.split([' ', ',', '\n', '\t']).filter(|word| !word.is_empty()) {
            let mut warn = |what, fix| warnings.push(Warning::new(value.place.clone(), what, fix));
            let Some(network) = parse_network(word) else {
                let what = format!("`{}` under `ignoreip` is neither an address nor a network", shortened(word));
                warn(what, "Names are not looked up: write the address.");
                continue;
            };
            if network.prefix_len() < NEARLY_ALL {
                let what = format!(
                    "`{network}` under `ignoreip` in [{}] is (nearly) everybody, so nobody is banned",
                    self.name
                );
                warn(what, "Name the networks themselves, such as 198.51.100.0/24.");
            }
            networks.push(network);
        }
        Ok(networks)
    }

    fn log_paths(&self) -> Result<Vec<LogPath>, JailError> {
        let Some(value) = self.get("logpath")? else { return Ok(Vec::new()) };
        let paths = value.text.lines().map(str::trim).filter(|path| !path.is_empty());
        Ok(paths
            .map(|path| match path.rsplit_once(' ') {
                Some((path, end @ ("tail" | "head"))) => {
                    LogPath { path: path.trim().to_owned(), from_end: end == "tail" }
                }
                _ => LogPath { path: path.to_owned(), from_end: false },
            })
            .collect())
    }

    fn warn(
        &self,
        filter: &Filter,
        log_paths: &[LogPath],
        place: &Place,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), JailError> {
        let backend = self.get("backend")?.map(|value| value.text).unwrap_or_default();
        if backend.trim().starts_with("systemd") || (log_paths.is_empty() && !filter.journal_match().is_empty()) {
            let what = format!("[{}] reads the journal, which is not read here", self.name);
            let fix = "Let the program write a log file, and name it under `logpath`.";
            warnings.push(Warning::new(place.clone(), what, fix));
        } else if log_paths.is_empty() {
            let what = format!("[{}] has no `logpath`, so it sees no line", self.name);
            warnings.push(Warning::new(place.clone(), what, "Name the log files, one a line."));
        }
        for (option, fix) in NOT_RUN {
            // Only whether it is there: what it would put in need not exist.
            if let Some(value) = self.ini.raw(self.name, option).filter(|value| !value.text.trim().is_empty()) {
                let what = format!("`{option}` in [{}] has no effect here", self.name);
                warnings.push(Warning::new(value.place.clone(), what, fix));
            }
        }
        Ok(())
    }
}
