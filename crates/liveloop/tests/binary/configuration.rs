//! Where the binary takes its settings from, and what it says of those it cannot use.

use crate::harness::{Outcome, Sandbox};

#[test]
fn flags_outrank_environment_dot_env_file_and_default() {
    let sandbox = Sandbox::new();
    sandbox.write("site.toml", "[limits]\nframe_bytes = 1\nname_chars = 1\nmessage_chars = 1");
    sandbox.write(".env", "LIVELOOP_LIMITS_NAME_CHARS=2\nLIVELOOP_LIMITS_MESSAGE_CHARS=2\n");
    let output = sandbox
        .command(&["config", "print", "--config", "site.toml", "--limits-interests", "4"])
        .env("LIVELOOP_LIMITS_MESSAGE_CHARS", "3")
        .env("LIVELOOP_LIMITS_INTERESTS", "3")
        .output()
        .unwrap();
    let printed = Outcome::of(output).out;
    for lines in [
        "# From site.toml.\nframe_bytes = 1",
        "# From LIVELOOP_LIMITS_NAME_CHARS in .env.\nname_chars = 2",
        "# From LIVELOOP_LIMITS_MESSAGE_CHARS in the environment.\nmessage_chars = 3",
        "# From --limits-interests.\ninterests = 4",
        "# Longest interest, in characters.\ninterest_chars = 32",
    ] {
        assert!(printed.contains(lines), "{lines}: {printed}");
    }
}

#[test]
fn what_print_prints_can_be_read_back() {
    let sandbox = Sandbox::new();
    let printed = sandbox.run(&["config", "print", "--node", "node-a"]);
    assert_eq!(printed.code, 0);
    sandbox.write("again.toml", &printed.out);
    let again = sandbox.run(&["config", "print", "--config", "again.toml"]);
    assert!(again.out.contains("# From again.toml.\nnode = \"node-a\""), "{}", again.out);
}

#[test]
fn the_file_may_be_named_in_the_environment() {
    let sandbox = Sandbox::new();
    sandbox.write("site.toml", "[site]\nname = \"Elsewhere\"");
    let output = sandbox.command(&["config", "print"]).env("LIVELOOP_CONFIG", "site.toml").output();
    assert!(Outcome::of(output.unwrap()).out.contains("name = \"Elsewhere\""));
}

#[test]
fn check_says_that_all_is_well() {
    let outcome = Sandbox::new().run(&["config", "check", "--node", "a"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
    assert_eq!(outcome.out, "the configuration is good: 1 set, the rest are defaults\n");
}

#[test]
fn a_wrong_configuration_ends_every_subcommand_with_2_and_names_the_field() {
    let sandbox = Sandbox::new();
    sandbox.write("site.toml", "[heartbeat]\nintervall = \"25s\"");
    for command in [&["config", "check"][..], &["config", "print"], &["serve"], &["healthcheck"]] {
        let args =
            [command, &["--config", "site.toml", "--public-url", "chat.example.org"]].concat();
        let outcome = sandbox.run(&args);
        assert_eq!(outcome.code, 2, "{command:?}");
        assert_eq!(outcome.out, "", "{command:?}");
        assert!(
            outcome.err.contains(
                "heartbeat.intervall (from site.toml): there is no such setting; did you mean \
                 heartbeat.interval?"
            ),
            "{}",
            outcome.err
        );
        assert!(outcome.err.contains("public_url (from --public-url): "), "{}", outcome.err);
    }
}

#[test]
fn an_unknown_variable_is_refused() {
    let sandbox = Sandbox::new();
    let output = sandbox.command(&["config", "check"]).env("LIVELOOP_LISTN", "x").output().unwrap();
    let outcome = Outcome::of(output);
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("LIVELOOP_LISTN: "), "{}", outcome.err);
    assert!(outcome.err.contains("did you mean LIVELOOP_LISTEN?"), "{}", outcome.err);
}

#[test]
fn looking_at_the_configuration_makes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.run(&["config", "print"]);
    sandbox.run(&["config", "check"]);
    assert_eq!(std::fs::read_dir(sandbox.folder.path()).unwrap().count(), 0);
}
