//! What is wrong is named: the field, what is wrong, and what to do; secrets are not repeated.

use std::{fs, path::Path};

use super::*;

#[test]
fn each_mistake_names_its_field_and_the_way_out() {
    for (variable, value, said) in [
        ("LIVELOOP_LISTEN", "8000", "write it like 127.0.0.1:8000"),
        ("LIVELOOP_LISTEN", "localhost:8000", "is not an IP address with a port"),
        ("LIVELOOP_NODE", "a b", "use letters, digits"),
        ("LIVELOOP_PUBLIC_URL", "chat.example.org", "write it like https://chat.example.org"),
        ("LIVELOOP_PUBLIC_URL", "https://chat.example.org/", "write https://chat.example.org"),
        (
            "LIVELOOP_PUBLIC_URL",
            "https://Chat.example.org:443/x?y",
            "write https://chat.example.org",
        ),
        ("LIVELOOP_PUBLIC_URL", "ftp://chat.example.org", "neither http:// nor https://"),
        ("LIVELOOP_PUBLIC_URL", "https://", "no usable host"),
        ("LIVELOOP_PUBLIC_URL", "https://me@chat.example.org", "no usable host"),
        ("LIVELOOP_PUBLIC_URL", "https://chat.example.org:0", "no usable port"),
        ("LIVELOOP_ORIGINS", "https://a.example,*", "no wildcard"),
        ("LIVELOOP_TRUSTED_PROXIES", "10.0.0.0/40", "write it like 10.0.0.0/8"),
        ("LIVELOOP_LIMITS_INTERESTS", "many", "not a whole number"),
        ("LIVELOOP_LIMITS_INTERESTS", "-1", "below 0"),
        ("LIVELOOP_LIMITS_EVENTS_PER_SECOND", "5000000000", "too large"),
        ("LIVELOOP_HEARTBEAT_INTERVAL", "25", "write it like 250ms, 25s or 1h"),
        ("LIVELOOP_HEARTBEAT_INTERVAL", "0s", "write more, such as 25s"),
        ("LIVELOOP_MATCHING_SAME_VISITOR", "maybe", "neither true nor false"),
        ("LIVELOOP_ICE_CANDIDATE_POOL_SIZE", "11", "write 0 to 10"),
        ("LIVELOOP_ICE_CANDIDATE_POOL_SIZE", "300", "too large"),
        ("LIVELOOP_SITE_CONTACT", "javascript:alert(1)", "neither a mail address nor"),
        ("LIVELOOP_LOG_LEVEL", "inf", "did you mean info?"),
        ("LIVELOOP_LOG_FILES_KEPT", "0", "1 or more"),
    ] {
        let said_so = problems(variables(&[(variable, value)]));
        let setting = SETTINGS.iter().find(|setting| setting.variable() == variable).unwrap();
        let start = format!("\n  {} (from {variable} in the environment): ", setting.path);
        assert!(said_so.contains(&start), "{variable}={value}: {said_so}");
        assert!(said_so.contains(said), "{variable}={value}: {said_so}");
    }
}

#[test]
fn a_certificate_without_a_key_or_the_other_way_round_is_named() {
    for (variable, missing) in [("LIVELOOP_TLS_CERT", "tls.key"), ("LIVELOOP_TLS_KEY", "tls.cert")]
    {
        let said = problems(variables(&[(variable, "file.pem")]));
        assert!(said.contains(&format!("\n  {missing}: it is not set")), "{said}");
        assert!(said.contains("set both for TLS, or neither"), "{said}");
    }
}

#[test]
fn ice_servers_are_checked_and_their_credentials_not_repeated() {
    const CREDENTIAL: &str = "do-not-tell";
    for (servers, said) in [
        (r#"[{"urls":["http://a"]}]"#, "ice.servers[0].urls[0]"),
        (r#"[{"urls":["stun://a"]}]"#, "it has slashes"),
        (r#"[{"urls":["stun:"]}]"#, "it names no host"),
        (r#"[{"urls":["stun:a:99999"]}]"#, "1 to 65535"),
        (r#"[{"urls":["stun:a?transport=udp"]}]"#, "only on TURN"),
        (r#"[{"urls":[]}]"#, "it is empty"),
        (r#"[{"username":"u"}]"#, "server [0]: it has no urls"),
        (r#"[{"urls":["turn:a"],"credential":"do-not-tell"}]"#, "ice.servers[0].username"),
        (r#"[{"urls":["turn:a"],"username":"u"}]"#, "ice.servers[0].credential"),
        (r#"[{"urls":["turn:a"],"password":"do-not-tell"}]"#, "there is no `password`"),
        (r#"[{"urls":["turn:a"],"credential":"do-not-tell]"#, "neither a JSON nor a TOML array"),
        (r#"stun:a,do-not-tell"#, "it is not an array"),
        (r#"["do-not-tell"]"#, "server [0]: it is not a table"),
    ] {
        let told = problems(variables(&[("LIVELOOP_ICE_SERVERS", servers)]));
        assert!(told.contains(said), "{servers}: {told}");
        assert!(!told.contains(CREDENTIAL), "{servers}: {told}");
    }
}

#[test]
fn unknown_names_are_refused_with_the_nearest_one() {
    let told = problems(variables(&[("LIVELOOP_LIMITS_FRAMEBYTES", "1"), ("LIVELOOP_QQQ", "1")]));
    assert!(told.contains("did you mean LIVELOOP_LIMITS_FRAME_BYTES?"), "{told}");
    assert!(told.contains("LIVELOOP_QQQ: no setting has this name"), "{told}");

    assert!(problems(dot_env("LIVELOOP_LISTEM=1")).contains("LIVELOOP_LISTEM (in .env)"));

    let told = problems_of_file(
        "lissten = 1\nlimits = 3\nsecret = \"0123456789abcdef\"\n[heartbeat]\nintervall = \"1s\"\n\
         [limit]\nframe_bytes = 1\n[log.file]\nx = 1",
    );
    for said in [
        "lissten (from ",
        "did you mean listen?",
        "limits (from ",
        "write [limits]",
        "did you mean heartbeat.interval?",
        "did you mean limits?",
        "secret (from ",
        "set LIVELOOP_SECRET or secret_file",
        "log.file (from ",
        "it is a table, where a path in quotes is wanted",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert!(!told.contains("0123456789abcdef"), "{told}");
}

#[test]
fn a_broken_file_is_named_by_its_line_and_never_quoted() {
    let told = problems_of_file("node = \"a\"\ncredential = \"do-not-tell\n");
    assert!(told.contains(", line 2: it is not valid TOML here"), "{told}");
    assert!(!told.contains("do-not-tell"), "{told}");

    let told = problems(dot_env("LIVELOOP_SECRET='do-not-tell"));
    assert!(told.contains("the line of LIVELOOP_SECRET cannot be read"), "{told}");
    assert!(!told.contains("do-not-tell"), "{told}");

    let told = problems_of(Path::new("/nowhere/liveloop.toml"));
    assert!(told.contains("/nowhere/liveloop.toml: the configuration file cannot be read"));
}

#[test]
fn the_secret_has_one_source_and_16_characters() {
    let told = problems(variables(&[("LIVELOOP_SECRET", "tooshort")]));
    assert!(told.contains("LIVELOOP_SECRET: it is too short"), "{told}");
    assert!(!told.contains("tooshort"), "{told}");
    let both = [("LIVELOOP_SECRET", "0123456789abcdef"), ("LIVELOOP_SECRET_FILE", "/x")];
    assert!(problems(variables(&both)).contains("keep one of the two"));
}

#[test]
fn all_mistakes_are_told_at_once() {
    let told = problems(variables(&[
        ("LIVELOOP_LISTEN", "x"),
        ("LIVELOOP_PUBLIC_URL", "x"),
        ("LIVELOOP_NOPE", "x"),
    ]));
    assert_eq!(told.lines().count(), 4, "{told}");
}

fn problems_of_file(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("liveloop.toml");
    fs::write(&path, text).unwrap();
    problems_of(&path)
}

fn problems_of(path: &Path) -> String {
    problems(Surroundings { config_file: Some(path.into()), ..Surroundings::default() })
}

fn dot_env(text: &str) -> Surroundings {
    Surroundings { dot_env: Some(Ok(text.into())), ..Surroundings::default() }
}
