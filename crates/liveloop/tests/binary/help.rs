//! The command line explains itself.

use crate::harness::Sandbox;

#[test]
fn without_a_subcommand_it_shows_its_help() {
    let outcome = Sandbox::new().run(&[]);
    assert_eq!(outcome.code, 2);
    for word in ["serve", "config", "healthcheck", "Examples:", "Exit codes:"] {
        assert!(outcome.err.contains(word), "{word}: {}", outcome.err);
    }
}

#[test]
fn help_says_what_each_subcommand_does() {
    let sandbox = Sandbox::new();
    for (args, said) in [
        (&["--help"][..], "Exit codes:"),
        (&["serve", "-h"], "--trusted-proxies"),
        (&["serve", "--help"], "--limits-connections-per-address"),
        (&["config", "--help"], "Print the configuration in effect"),
        (&["config", "print", "--help"], "--config"),
        (&["config", "check", "--help"], "--config"),
        (&["healthcheck", "--help"], "--url"),
    ] {
        let outcome = sandbox.run(args);
        assert_eq!(outcome.code, 0, "{args:?}");
        assert!(outcome.out.contains(said), "{args:?}: {}", outcome.out);
    }
    let short = sandbox.run(&["serve", "-h"]).out;
    assert!(!short.contains("--limits-connections-per-address"), "{short}");
    assert!(short.lines().all(|line| line.chars().count() <= 100), "{short}");
}

#[test]
fn it_tells_its_version() {
    let outcome = Sandbox::new().run(&["--version"]);
    assert_eq!(
        (outcome.code, outcome.out.trim()),
        (0, concat!("liveloop ", env!("CARGO_PKG_VERSION")))
    );
}

#[test]
fn wrong_usage_ends_with_2() {
    let sandbox = Sandbox::new();
    for args in [&["serv"][..], &["serve", "--listenn", "x"], &["config"], &["serve", "x"]] {
        let outcome = sandbox.run(args);
        assert_eq!(outcome.code, 2, "{args:?}");
        assert_eq!(outcome.out, "", "{args:?}");
    }
    assert!(sandbox.run(&["serve", "--lissten", "x"]).err.contains("--listen"));
}
