//! One flag for each setting, made from the table of settings.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use crate::config::{Kind, SETTINGS, Setting};

/// The settings that were given as flags, with what they were given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags(pub(crate) Vec<(&'static Setting, String)>);

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        SETTINGS.iter().fold(command, |command, setting| command.arg(arg(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.extend(SETTINGS.iter().filter_map(|setting| {
            let text = matches.get_one::<String>(setting.path)?;
            Some((setting, text.clone()))
        }));
        Ok(())
    }
}

fn arg(setting: &'static Setting) -> Arg {
    let doc = setting.doc.trim_end_matches('.').to_owned();
    let help = match (setting.kind, setting.unset) {
        (Kind::Choice(words), _) => format!("{doc} [one of: {}]", words.join(", ")),
        (_, Some(meaning)) => format!("{doc} [if not set: {meaning}]"),
        _ => doc,
    };
    let arg = Arg::new(setting.path)
        .long(setting.flag())
        .value_name(setting.kind.placeholder())
        .help(help)
        .help_heading(heading(setting.section()))
        .hide_short_help(!setting.is_common)
        .action(ArgAction::Set);
    if setting.kind == Kind::Switch {
        arg.num_args(0..=1).require_equals(true).default_missing_value("true")
    } else {
        arg.allow_hyphen_values(true)
    }
}

fn heading(section: &str) -> &'static str {
    match section {
        "" => "Site and server",
        "limits" => "Limits (0 turns one off)",
        "heartbeat" => "Heartbeat",
        "drain" => "Stopping",
        "matching" => "Matching",
        "metrics" => "Metrics",
        "ice" => "Calls across the internet",
        "site" => "What the page says",
        "log" => "Log",
        _ => "More",
    }
}
