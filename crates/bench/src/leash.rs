//! A program that ends with this one, however this one ends: even killed, it leaves no server and no
//! loader behind.

use std::{ffi::OsString, os::unix::process::CommandExt, path::Path, process::Command};

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
