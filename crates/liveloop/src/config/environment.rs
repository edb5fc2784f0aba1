//! What surrounds the process: its flags, its environment, and the file `.env` of its folder.
//!
//! A variable that begins with LIVELOOP_ and means nothing is an error, so that a slip of the pen is
//! not a setting silently lost. A variable of the environment always hides the one in `.env`; an
//! empty one counts as not set.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsString,
    fs,
    io::{self, Cursor},
    path::PathBuf,
};

use super::{Merged, Problem, SETTINGS, Setting, Source, nearest::nearest};
use crate::secret::{self, SecretText};

const PREFIX: &str = "LIVELOOP_";
const CONFIG: &str = "LIVELOOP_CONFIG";
const SECRET: &str = "LIVELOOP_SECRET";
/// Names the server's binary for the end-to-end tests; a server that they start inherits it.
const BINARY_UNDER_TEST: &str = "LIVELOOP_BIN";

/// Everything from outside that the configuration is made of, except for the TOML file.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    /// The file named by `--config`.
    pub(crate) config_file: Option<PathBuf>,
    /// Settings given as flags.
    pub(crate) flags: Vec<(&'static Setting, String)>,
    /// The environment.
    pub(crate) variables: Vec<(OsString, OsString)>,
    /// The text of `.env`, or why it cannot be read.
    pub(crate) dot_env: Option<Result<String, io::ErrorKind>>,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn of_process(
        config_file: Option<PathBuf>,
        flags: Vec<(&'static Setting, String)>,
    ) -> Self {
        let dot_env = match fs::read_to_string(".env") {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            text_or_error => Some(text_or_error.map_err(|error| error.kind())),
        };
        Self { config_file, flags, variables: env::vars_os().collect(), dot_env }
    }
}

/// What was found beside settings.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) config_file: Option<PathBuf>,
    pub(super) secret: Option<SecretText>,
}

/// Merges flags, environment and `.env`.
pub(super) fn gather(
    surroundings: Surroundings,
    merged: &mut Merged,
    problems: &mut Vec<Problem>,
) -> Gathered {
    let gathered = Gathered { config_file: surroundings.config_file, secret: None };
    let mut reader = Reader { merged, problems, gathered };
    for (setting, text) in surroundings.flags {
        reader.offer(setting, &text, Source::Flag(setting.flag()));
    }
    let mut hidden = BTreeSet::new();
    for (name, value) in surroundings.variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
        hidden.insert(name.to_owned());
        match value.to_str() {
            Some(value) => reader.read_variable(name, value, Source::Environment(name.into())),
            None => reader.problems.push(Problem::new(name, "its value is not UTF-8 text")),
        }
    }
    for (name, value) in dot_env(surroundings.dot_env, reader.problems) {
        if name.starts_with(PREFIX) && !hidden.contains(&name) {
            reader.read_variable(&name, &value, Source::DotEnv(name.clone()));
        }
    }
    reader.gathered
}

struct Reader<'a> {
    merged: &'a mut Merged,
    problems: &'a mut Vec<Problem>,
    gathered: Gathered,
}

impl Reader<'_> {
    fn read_variable(&mut self, name: &str, value: &str, source: Source) {
        if value.trim().is_empty() || name == BINARY_UNDER_TEST || is_service_link(name, value) {
            return;
        }
        match name {
            CONFIG => {
                self.gathered.config_file.get_or_insert_with(|| value.into());
            }
            SECRET => match SecretText::new(value) {
                Ok(text) => self.gathered.secret = Some(text),
                Err(secret::TooShort) => {
                    let why = format!("it is too short: {}", secret::ADVICE);
                    self.problems.push(Problem::new(SECRET, why));
                }
            },
            _ => match SETTINGS.iter().find(|setting| setting.variable() == name) {
                Some(setting) => self.offer(setting, value, source),
                None => self.problems.push(unknown(name, &source)),
            },
        }
    }

    fn offer(&mut self, setting: &'static Setting, text: &str, source: Source) {
        match setting.kind.read(text) {
            Ok(value) => self.merged.offer(setting, value, source),
            Err(why) => self.problems.push(Problem::new(setting.path, why).found_in(&source)),
        }
    }
}

fn unknown(name: &str, source: &Source) -> Problem {
    let known: Vec<String> =
        SETTINGS.iter().map(Setting::variable).chain([CONFIG, SECRET].map(String::from)).collect();
    let hint = match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None => "`liveloop config print` lists all there are".into(),
    };
    let place = match source {
        Source::DotEnv(_) => " (in .env)",
        _ => "",
    };
    Problem::new(format!("{name}{place}"), format!("no setting has this name; {hint}"))
}

/// Kubernetes and Docker tell a container of a service named `liveloop…` in variables such as
/// `LIVELOOP_SERVICE_HOST` and `LIVELOOP_PORT_8000_TCP`; those are not meant for us.
fn is_service_link(name: &str, value: &str) -> bool {
    let is_url = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT") && is_url
        || name.split_once("_PORT_").is_some_and(|(_, rest)| {
            let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            rest.len() > digits.len()
                && ["_TCP", "_UDP", "_SCTP"].iter().any(|protocol| digits.starts_with(protocol))
        })
}

fn dot_env(
    text: Option<Result<String, io::ErrorKind>>,
    problems: &mut Vec<Problem>,
) -> Vec<(String, String)> {
    let text = match text {
        None => return Vec::new(),
        Some(Ok(text)) => text,
        Some(Err(kind)) => {
            problems.push(Problem::new(".env", format!("it cannot be read: {kind}")));
            return Vec::new();
        }
    };
    match dotenvy::from_read_iter(Cursor::new(text)).collect() {
        Ok(pairs) => pairs,
        Err(error) => {
            // The parser's own message repeats the line, which may hold a secret.
            let why = match error {
                dotenvy::Error::LineParse(line, _) => {
                    let name: String = line.chars().take_while(|c| *c != '=').collect();
                    if name.len() < line.len() {
                        format!("the line of {name} cannot be read: put its value in quotes")
                    } else {
                        "it has a line that is not NAME=value".into()
                    }
                }
                _ => "it cannot be read: write one NAME=value a line".into(),
            };
            problems.push(Problem::new(".env", why));
            Vec::new()
        }
    }
}
