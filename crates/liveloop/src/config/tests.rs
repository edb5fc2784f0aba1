//! The table of settings is complete; sources merge in their order; what is wrong is named.

mod document;
mod mistakes;
mod sources;

use super::*;

/// A configuration in which every setting has a value.
fn full() -> Config {
    Config {
        data: Some("/var/lib/liveloop".into()),
        node: Some("node-a".into()),
        secret_file: Some("/run/secrets/liveloop".into()),
        public_url: Some("https://chat.example.org".into()),
        tls: Tls { cert: Some("/etc/cert.pem".into()), key: Some("/etc/key.pem".into()) },
        matching: Matching { same_visitor: Some(true), repeat: Some(true), ..Default::default() },
        site: settings::Site { contact: Some("help@example.org".into()), ..Default::default() },
        log: Log { file: Some("/var/log/liveloop.log".into()), ..Log::default() },
        ..Config::default()
    }
}

/// Surroundings with these variables and nothing else.
fn variables(pairs: &[(&str, &str)]) -> Surroundings {
    let variables = pairs.iter().map(|(name, value)| (name.into(), value.into())).collect();
    Surroundings { variables, ..Surroundings::default() }
}

fn problems(surroundings: Surroundings) -> String {
    load(surroundings).expect_err("it must be refused").to_string()
}

#[test]
fn the_table_holds_exactly_the_settings_there_are() {
    let values = print::values_of(&full());
    let mut there = Vec::new();
    for (key, value) in &values {
        match value {
            toml::Value::Table(table) => there.extend(table.keys().map(|k| format!("{key}.{k}"))),
            _ => there.push(key.clone()),
        }
    }
    let mut declared: Vec<_> = SETTINGS.iter().map(|setting| setting.path.to_owned()).collect();
    there.sort();
    declared.sort();
    assert_eq!(there, declared);
}

#[test]
fn what_happens_without_a_value_is_said_exactly_where_there_is_no_default() {
    let values = print::values_of(&Config::default());
    for setting in SETTINGS {
        let has_default = print::value_at(&values, setting).is_some();
        assert_eq!(setting.unset.is_none(), has_default, "{}", setting.path);
    }
}

#[test]
fn every_default_passes_the_check_of_its_kind() {
    let values = print::values_of(&full());
    for setting in SETTINGS {
        let value = print::value_at(&values, setting).unwrap();
        assert!(setting.kind.check(value.clone()).is_ok(), "{}", setting.path);
    }
}

#[test]
fn the_printed_configuration_is_toml_and_means_the_same() {
    let given = variables(&[
        ("LIVELOOP_SITE_RULES", r#"["Say \"hello\", first.", "Be kind."]"#),
        ("LIVELOOP_HEARTBEAT_INTERVAL", "90s"),
        ("LIVELOOP_TRUSTED_PROXIES", "10.0.0.0/8, 192.168.1.7"),
        ("LIVELOOP_ICE_SERVERS", r#"[{"urls": "stun:stun.example.org"}]"#),
    ]);
    let loaded = load(given).unwrap();
    let printed = print(&loaded);
    let read: Config = toml::from_str(&printed).unwrap();
    assert_eq!(print::values_of(&read), print::values_of(&loaded.config));
    assert!(printed.contains("# From LIVELOOP_HEARTBEAT_INTERVAL in the environment."));
    assert_eq!(printed.matches("# From ").count(), 4);
    for setting in SETTINGS {
        let first_word = setting.doc.split(' ').next().unwrap();
        assert!(printed.contains(&format!("# {first_word}")), "{}", setting.path);
    }
}

#[test]
fn one_may_meet_oneself_only_where_nobody_else_can_connect() {
    let meets =
        |pairs: &[(&str, &str)]| load(variables(pairs)).unwrap().config.is_same_visitor_matched();
    assert!(meets(&[]));
    assert!(meets(&[("LIVELOOP_LISTEN", "[::1]:8000")]));
    assert!(!meets(&[("LIVELOOP_LISTEN", "0.0.0.0:8000")]));
    assert!(!meets(&[("LIVELOOP_PUBLIC_URL", "https://chat.example.org")]));
    assert!(!meets(&[("LIVELOOP_ORIGINS", "https://chat.example.org")]));
    assert!(!meets(&[("LIVELOOP_TRUSTED_PROXIES", "127.0.0.1")]));
    assert!(!meets(&[("LIVELOOP_TLS_CERT", "cert.pem"), ("LIVELOOP_TLS_KEY", "key.pem")]));
    assert!(!meets(&[("LIVELOOP_MATCHING_SAME_VISITOR", "off")]));
    let asked_for = [("LIVELOOP_LISTEN", "0.0.0.0:8000"), ("LIVELOOP_MATCHING_SAME_VISITOR", "on")];
    assert!(meets(&asked_for));
}

#[test]
fn two_meet_again_at_once_only_where_nobody_else_can_connect() {
    let again = |pairs: &[(&str, &str)]| load(variables(pairs)).unwrap().config.is_repeat_matched();
    assert!(again(&[]));
    assert!(!again(&[("LIVELOOP_LISTEN", "0.0.0.0:8000")]));
    assert!(!again(&[("LIVELOOP_MATCHING_REPEAT", "off")]));
    assert!(again(&[("LIVELOOP_LISTEN", "0.0.0.0:8000"), ("LIVELOOP_MATCHING_REPEAT", "on")]));
}

#[test]
fn languages_are_not_relaxed_before_interests() {
    let refused = problems(variables(&[("LIVELOOP_MATCHING_RELAX_LANGUAGES_AFTER", "1s")]));
    assert!(refused.contains("matching.relax_languages_after"), "{refused}");
    let both = [
        ("LIVELOOP_MATCHING_RELAX_INTERESTS_AFTER", "0s"),
        ("LIVELOOP_MATCHING_RELAX_LANGUAGES_AFTER", "1s"),
    ];
    assert!(load(variables(&both)).is_ok());
}
