//! docs/configuration.md is made from the table of settings; `make generated` renews it.

use std::{fmt::Write, fs, path::Path};

use super::*;

const HEAD: &str = "\
# Configuration

<!-- Made from the table of settings by a test of crates/liveloop; `make generated` renews it. -->

Every setting can be given in four ways. Where several of them name the same setting, the one higher
up in this list counts:

1. a flag: `--limits-frame-bytes 65536`;
2. a variable of the environment: `LIVELOOP_LIMITS_FRAME_BYTES=65536`;
3. the same variable in the file `.env` of the current folder;
4. a key of the TOML file that `--config FILE` or `LIVELOOP_CONFIG` names.

An empty variable counts as not set, and hides the one in `.env`. A key or a `LIVELOOP_…` variable that
does not exist is an error, so that a slip of the pen is never a setting silently lost (variables that
Kubernetes and Docker add for a service named `liveloop…` are left aside).

`liveloop config print` shows the configuration in effect and where each value comes from;
`liveloop config check` names every mistake without starting anything. [liveloop.example.toml](liveloop.example.toml) is a
file to start from.

**Forms.** Durations are written `250ms`, `25s`, `1h`. Lists of words and networks are separated by
commas, or are a JSON or TOML array; `site.rules` and `ice.servers` are arrays:
`LIVELOOP_ICE_SERVERS='[{\"urls\":[\"turn:turn.example.org\"],\"username\":\"me\",\"credential\":\"…\"}]'`.

**The secret** that signs visitors' tokens is `LIVELOOP_SECRET` (environment or `.env`, 16 characters or
more), or stands in the file that `secret_file` names. Without either, one is made at the first start
and kept in the data folder with mode 0600. It is never printed and has no flag. A new secret gives
every visitor a new identity.

";

#[test]
fn the_document_of_the_settings_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let made = document();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "docs/configuration.md is stale: run `make generated`");
}

fn document() -> String {
    let values = print::values_of(&Config::default());
    let mut text = HEAD.to_owned();
    let mut section = None;
    for setting in SETTINGS {
        if section != Some(setting.section()) {
            let title = match setting.section() {
                "" => "Site and server".into(),
                name => format!("`[{name}]`"),
            };
            let gap = if section.is_some() { "\n" } else { "" };
            section = Some(setting.section());
            let _ = write!(
                text,
                "{gap}## {title}\n\n| key | environment variable | default | what it does |\n\
                 | --- | --- | --- | --- |\n"
            );
        }
        let default = match (setting.path, print::value_at(&values, setting)) {
            ("site.rules", _) => "six rules of a kind place".into(),
            (_, Some(value)) => format!("`{}`", print::written(value)),
            (_, None) => format!("not set: {}", setting.unset.unwrap_or_default()),
        };
        let choices = match setting.kind {
            Kind::Choice(words) => format!(" One of `{}`.", words.join("`, `")),
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {default} | {}{choices} |",
            setting.path,
            setting.variable(),
            setting.doc
        );
    }
    text.push_str("\nA limit of 0 is turned off. A `…_burst` is how much may come at once before the rate holds.\n");
    text
}
