//! `--io-uring` on a machine that forbids it and on one that does not: the kernel itself refuses,
//! by a filter that the server inherits from the thread that starts it.

use std::thread;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

use crate::harness::{Outcome, Sandbox, Server};

/// Does this where the kernel gives nobody a ring.
fn where_it_is_forbidden<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    let act = || {
        let rules = [(libc::SYS_io_uring_setup, Vec::new())].into();
        let refusal = SeccompAction::Errno(u32::try_from(libc::EPERM).unwrap());
        let arch = std::env::consts::ARCH.try_into().unwrap();
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refusal, arch).unwrap();
        apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
        act()
    };
    thread::scope(|scope| scope.spawn(act).join().unwrap())
}

fn told_of_it(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains("io_uring")).collect()
}

#[test]
fn on_does_not_start_where_it_is_forbidden_and_says_what_to_do() {
    let sandbox = Sandbox::new();
    let args = ["serve", "--listen", "127.0.0.1:0", "--io-uring", "on"];
    let Outcome { code, out, err } = where_it_is_forbidden(|| sandbox.run(&args));
    assert_eq!((code, out.as_str()), (1, ""), "nobody is told of an address: {err}");
    for said in ["Operation not permitted", "`auto` or `off`", "io_uring_setup"] {
        assert!(err.contains(said), "{said}: {err}");
    }
}

#[test]
fn auto_goes_without_where_it_is_forbidden_and_says_so_once() {
    let sandbox = Sandbox::new();
    let server: Server = where_it_is_forbidden(|| sandbox.serve(&["--io-uring", "auto"]));
    let (status, _, log) = server.stop();
    assert!(status.success());
    let [line] = told_of_it(&log)[..] else { panic!("one line: {log}") };
    assert!(line.contains("Operation not permitted") && line.contains("INFO"), "{line}");
}

#[test]
fn the_log_says_how_it_sends() {
    let sandbox = Sandbox::new();
    let (_, _, log) = sandbox.serve(&["--io-uring", "off"]).stop();
    assert!(matches!(told_of_it(&log)[..], [line] if line.contains("io_uring is off")), "{log}");
    // Whether this machine allows it is what `auto` finds out; `on` then does what it says.
    let (_, _, log) = sandbox.serve(&["--io-uring", "auto"]).stop();
    let [line] = told_of_it(&log)[..] else { panic!("one line: {log}") };
    let is_allowed = line.contains("in batches, through io_uring");
    let args = ["serve", "--listen", "127.0.0.1:0", "--io-uring", "on"];
    if is_allowed {
        let (status, _, log) = sandbox.serve(&args[3..]).stop();
        assert!(status.success() && log.contains("in batches, through io_uring"), "{log}");
    } else {
        assert_eq!(sandbox.run(&args).code, 1, "{line}");
    }
}
