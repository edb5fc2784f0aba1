//! Where values come from, and which of them counts.

use std::{fs, io::Write};

use tempfile::NamedTempFile;

use super::*;

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn stronger_sources_outrank_weaker_ones() {
    let file = file("[limits]\nframe_bytes = 1\nname_chars = 1\nmessage_chars = 1\ninterests = 1");
    let flag = find("limits.frame_bytes").unwrap();
    let loaded = load(Surroundings {
        config_file: Some(file.path().into()),
        flags: vec![(flag, "4".into())],
        variables: vec![
            ("LIVELOOP_LIMITS_FRAME_BYTES".into(), "3".into()),
            ("LIVELOOP_LIMITS_NAME_CHARS".into(), "3".into()),
        ],
        dot_env: Some(Ok("LIVELOOP_LIMITS_FRAME_BYTES=2\nLIVELOOP_LIMITS_NAME_CHARS=2\n\
                          LIVELOOP_LIMITS_MESSAGE_CHARS=2\nOTHER=1"
            .into())),
    })
    .unwrap();
    let limits = &loaded.config.limits;
    assert_eq!(
        (limits.frame_bytes, limits.name_chars, limits.message_chars, limits.interests),
        (4, 3, 2, 1)
    );
    assert_eq!(limits.json_depth, Limits::default().json_depth);
    let source = |path| loaded.merged.source(path).map(ToString::to_string);
    assert_eq!(source("limits.frame_bytes").unwrap(), "--limits-frame-bytes");
    assert_eq!(
        source("limits.name_chars").unwrap(),
        "LIVELOOP_LIMITS_NAME_CHARS in the environment"
    );
    assert_eq!(source("limits.message_chars").unwrap(), "LIVELOOP_LIMITS_MESSAGE_CHARS in .env");
    assert_eq!(source("limits.interests").unwrap(), file.path().display().to_string());
    assert_eq!(source("limits.json_depth"), None);
}

#[test]
fn an_empty_variable_counts_as_not_set_and_hides_the_one_in_dot_env() {
    let mut given = variables(&[("LIVELOOP_NODE", "")]);
    given.dot_env = Some(Ok("LIVELOOP_NODE=from-dot-env".into()));
    assert_eq!(load(given).unwrap().config.node, None);
}

#[test]
fn the_file_can_be_named_in_dot_env_and_the_flag_outranks_it() {
    let (one, two) = (file("node = \"one\""), file("node = \"two\""));
    let dot_env = format!("LIVELOOP_CONFIG={}", one.path().display());
    let given = |config_file| Surroundings {
        config_file,
        dot_env: Some(Ok(dot_env.clone())),
        ..Surroundings::default()
    };
    assert_eq!(load(given(None)).unwrap().config.node.unwrap(), "one");
    assert_eq!(load(given(Some(two.path().into()))).unwrap().config.node.unwrap(), "two");
}

#[test]
fn lists_are_comma_separated_or_arrays_of_json_or_toml() {
    for text in [
        "https://a.example, https://b.example",
        r#"["https://a.example", "https://b.example"]"#,
        "['https://a.example', 'https://b.example',]",
    ] {
        let loaded = load(variables(&[("LIVELOOP_ORIGINS", text)])).unwrap();
        assert_eq!(loaded.config.origins, ["https://a.example", "https://b.example"], "{text}");
    }
    for text in [
        r#"[{"urls": ["turn:t.example:3478?transport=udp"], "username": "u", "credential": "c"}]"#,
        r#"[{ urls = "turn:t.example:3478?transport=udp", username = "u", credential = "c" }]"#,
    ] {
        let loaded = load(variables(&[("LIVELOOP_ICE_SERVERS", text)])).unwrap();
        let server = &loaded.config.ice.servers[0];
        assert_eq!(server.urls, ["turn:t.example:3478?transport=udp"]);
        assert_eq!(server.credential.as_deref(), Some("c"));
    }
    let rule = load(variables(&[("LIVELOOP_SITE_RULES", "Be kind, please.")])).unwrap();
    assert_eq!(rule.config.site.rules, ["Be kind, please."]);
}

#[test]
fn the_file_takes_tables_and_inline_forms() {
    let file = file(
        "listen = \"[::]:80\"\ntrusted_proxies = [\"10.1.2.3\"]\nheartbeat.interval = \"250ms\"\n\
         [[ice.servers]]\nurls = [\"stun:a.example\"]\n[log]\nlevel = \"debug\"",
    );
    let given = Surroundings { config_file: Some(file.path().into()), ..Surroundings::default() };
    let config = load(given).unwrap().config;
    assert_eq!(config.listen.to_string(), "[::]:80");
    assert_eq!(config.trusted_proxies[0].to_string(), "10.1.2.3/32");
    assert_eq!(config.heartbeat.interval, settings::Span::millis(250));
    assert_eq!(config.ice.servers[0].urls, ["stun:a.example"]);
    assert_eq!(config.log.level, Level::Debug);
}

#[test]
fn what_kubernetes_and_docker_add_is_not_meant_for_us() {
    let given = variables(&[
        ("LIVELOOP_SERVICE_HOST", "10.0.0.1"),
        ("LIVELOOP_SERVICE_PORT", "8000"),
        ("LIVELOOP_SERVICE_PORT_HTTP", "8000"),
        ("LIVELOOP_PORT", "tcp://10.0.0.1:8000"),
        ("LIVELOOP_PORT_8000_TCP", "tcp://10.0.0.1:8000"),
        ("LIVELOOP_PORT_8000_TCP_ADDR", "10.0.0.1"),
        ("LIVELOOP_BIN", "/somewhere/liveloop"),
    ]);
    assert_eq!(load(given).unwrap().merged.count(), 0);
    assert!(problems(variables(&[("LIVELOOP_PORT", "9000")])).contains("LIVELOOP_PORT: "));
}

#[test]
fn the_example_file_of_the_documents_is_good() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/liveloop.example.toml");
    assert!(fs::exists(path).unwrap());
    let given = Surroundings { config_file: Some(path.into()), ..Surroundings::default() };
    load(given).unwrap();
}
