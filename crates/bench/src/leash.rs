//! A program that ends with this one, however this one ends: even killed, it leaves no server and no
//! loader behind.

use std::{
    ffi::OsString,
    io,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command},
    sync::{LazyLock, mpsc},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Signal, getppid, set_parent_process_death_signal};

/// A command that runs `program` on a leash.
///
/// # Errors
/// Where this program does not know where it is.
pub(crate) fn leashed(program: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["leashed", &std::process::id().to_string(), "--"]).arg(program);
    Ok(command)
}

/// Who starts what is on a leash: it lives as long as this program. The kernel's "parent" is the thread
/// that forked (prctl(2), PR_SET_PDEATHSIG), so whatever a thread of shorter life had started would end
/// with that thread.
static STARTER: LazyLock<mpsc::Sender<(Command, mpsc::Sender<io::Result<Child>>)>> =
    LazyLock::new(|| {
        let (orders, ordered) = mpsc::channel::<(Command, mpsc::Sender<io::Result<Child>>)>();
        std::thread::spawn(move || {
            for (mut command, started) in ordered {
                // Whoever asked waits for it.
                let _ = started.send(command.spawn());
            }
        });
        orders
    });

/// Starts a leashed command, to end with this program.
///
/// # Errors
/// Where it cannot be started.
pub(crate) fn start(command: Command) -> io::Result<Child> {
    let (started, child) = mpsc::channel();
    STARTER.send((command, started)).map_err(io::Error::other)?;
    child.recv().map_err(io::Error::other)?
}

/// Becomes the program named, to be killed when `parent` ends. The kernel remembers that over `exec`.
///
/// # Errors
/// Where it cannot be run; otherwise this never returns.
pub(crate) fn become_leashed(parent: u32, command: &[OsString]) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let is_orphan =
        getppid().is_none_or(|pid| pid.as_raw_nonzero().get().cast_unsigned() != parent);
    if is_orphan {
        bail!("who started this has ended already");
    }
    let (program, arguments) = command.split_first().context("name a program to run")?;
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot run {}", program.display()))
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader, Write},
        process::Stdio,
    };

    use super::*;

    #[test]
    fn what_is_started_outlives_the_thread_that_asked_for_it() {
        let script = "while read line; do echo $line; done";
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "sh", "-c", script]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let (mut child, mut lines) = std::thread::spawn(move || {
            let mut child = start(command).expect("util-linux is there");
            let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
            // It is on its leash once it answers.
            assert_eq!(ask(&mut child, &mut lines, "first"), "first");
            (child, lines)
        })
        .join()
        .expect("it has asked");
        for number in 0..20 {
            // The signal of a thread's end comes a moment after it can be joined.
            std::thread::sleep(std::time::Duration::from_millis(5));
            let line = number.to_string();
            assert_eq!(ask(&mut child, &mut lines, &line), line);
        }
        child.kill().expect("it is there");
        child.wait().expect("it is there");
    }

    fn ask(
        child: &mut Child,
        lines: &mut impl Iterator<Item = io::Result<String>>,
        line: &str,
    ) -> String {
        let stdin = child.stdin.as_mut().expect("a pipe");
        // Fails where it has ended, and so does the next.
        let _ = writeln!(stdin, "{line}");
        lines.next().map_or_else(String::new, Result::unwrap_or_default)
    }
}
