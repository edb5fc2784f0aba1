//! Clients that vanish: they connect from a network of their own, and then that is gone. No FIN and no
//! RST comes, as when a telephone loses its network or a machine its power.
//!
//! Making a network takes the rights of root, or a user namespace: scripts/hostile.sh sees to it.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::leash::{self, leashed};

/// The two ends of the cable, of the addresses that are for measurements (RFC 2544).
const NEAR: (&str, &str) = ("llnear", "198.18.77.1/30");
const FAR: (&str, &str) = ("llfar", "198.18.77.2/30");

/// Clients whose network is about to go.
pub(super) struct Vanishing {
    child: Child,
    told: serde_json::Value,
}

impl Vanishing {
    /// Connects `count` clients, and takes their network away.
    ///
    /// # Errors
    /// Where no network can be made, or a client is refused.
    pub(super) fn begin(port: u16, count: usize) -> Result<Self> {
        let mut command = leashed(std::path::Path::new("unshare"))?;
        command.arg("--net").arg(std::env::current_exe()?);
        command.args(["attacker", "half-open", "--to", &format!("198.18.77.1:{port}")]);
        command.args(["--count", &count.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = leash::start(command)?;
        let mut vanishing = Self { child, told: serde_json::Value::Null };
        let mut lines = BufReader::new(vanishing.child.stdout.take().context("a pipe")?).lines();
        // It says that it is there once it is in the network of its own.
        lines.next().context("a network of its own needs root or a user namespace")??;
        let pid = vanishing.child.id().to_string();
        ip(&["link", "add", NEAR.0, "type", "veth", "peer", "name", FAR.0, "netns", &pid])?;
        ip(&["address", "add", NEAR.1, "dev", NEAR.0])?;
        ip(&["link", "set", NEAR.0, "up"])?;
        there(&pid, &["address", "add", FAR.1, "dev", FAR.0])?;
        there(&pid, &["link", "set", FAR.0, "up"])?;
        let stdin = vanishing.child.stdin.as_mut().context("a pipe")?;
        writeln!(stdin, "connect")?;
        let line = lines.next().context("the clients that were to vanish have failed")??;
        vanishing.told = serde_json::from_str(&line)?;
        ip(&["link", "delete", NEAR.0])?;
        Ok(vanishing)
    }

    #[expect(clippy::unnecessary_wraps, reason = "as the other attackers do")]
    pub(super) fn end(&mut self) -> Result<serde_json::Value> {
        let _ = self.child.kill();
        let _ = self.child.wait();
        Ok(self.told.take())
    }
}

impl Drop for Vanishing {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = Command::new("ip").args(["link", "delete", NEAR.0]).stderr(Stdio::null()).status();
    }
}

fn ip(arguments: &[&str]) -> Result<()> {
    let status = Command::new("ip").args(arguments).status().context("install iproute2")?;
    ensure!(status.success(), "ip {}: {status}", arguments.join(" "));
    Ok(())
}

fn there(pid: &str, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("nsenter");
    command.args(["--target", pid, "--net", "ip"]).args(arguments);
    let status = command.status().context("install util-linux")?;
    ensure!(status.success(), "ip {}: {status}", arguments.join(" "));
    Ok(())
}
