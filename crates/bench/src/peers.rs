//! The peers: small servers on other stacks that do the same work, in `crates/bench/peers`.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{leash::leashed, load::Wire};

/// A server on another stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    /// Bun's own server.
    Bun,
    /// Node and `ws`.
    NodeWs,
    /// Node and Socket.IO, in its own framing.
    NodeSocketio,
    /// axum's WebSocket as it comes.
    Axum,
    /// A tokio task for each connection, without a library or buffers between.
    Tasks,
    /// FastAPI and uvicorn.
    Fastapi,
}

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bun => "Bun",
            Self::NodeWs => "Node ws",
            Self::NodeSocketio => "Node socket.io",
            Self::Axum => "axum as it comes",
            Self::Tasks => "tokio tasks, bare",
            Self::Fastapi => "FastAPI, uvicorn",
        }
    }

    pub(crate) fn wire(self) -> Wire {
        match self {
            Self::NodeSocketio => Wire::SocketIo,
            Self::Bun | Self::NodeWs | Self::Axum | Self::Tasks | Self::Fastapi => Wire::Plain,
        }
    }

    /// How to start it on a free port; `peers` is the folder of all of them.
    ///
    /// # Errors
    /// Where it is not installed.
    pub(crate) fn command(self, peers: &Path) -> Result<Command> {
        let (folder, program, script) = match self {
            Self::Bun => ("bun", "bun/node_modules/.bin/bun", "bun/server.js"),
            Self::NodeWs => ("node-ws/node_modules", "node", "node-ws/server.js"),
            Self::NodeSocketio => ("node-socketio/node_modules", "node", "node-socketio/server.js"),
            Self::Axum => ("axum", "axum/target/release/liveloop-peer-axum", ""),
            Self::Tasks => ("axum", "axum/target/release/tasks", ""),
            Self::Fastapi => ("fastapi", "fastapi/.venv/bin/python", "fastapi/server.py"),
        };
        let in_peers = peers.join(program);
        let program = if program == "node" { PathBuf::from(program) } else { in_peers };
        let is_installed =
            peers.join(folder).exists() && (program.components().count() == 1 || program.exists());
        if !is_installed {
            bail!(
                "{} is not installed in {}: run `make bench-peers`",
                self.name(),
                peers.display()
            );
        }
        let mut command = leashed(&program)?;
        if !script.is_empty() {
            command.arg(peers.join(script));
        }
        command.env("PORT", "0");
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_not_installed_says_how_to_install_it() {
        for peer in Peer::value_variants() {
            let error = peer.command(Path::new("nowhere")).expect_err("nothing is there");
            assert!(error.to_string().contains("make bench-peers"), "{error}");
        }
    }
}
