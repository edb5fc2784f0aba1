//! The loader processes of a run: started together, told words together, and ended with it.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Stdio},
    sync::mpsc::{self, Receiver},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};

use super::loader::{ASKING, Told, Word};
use crate::{
    leash::{self, leashed},
    server::Server,
};

/// How fast all loaders together ask for partners, so that a small machine keeps up.
const REQUESTS_PER_SECOND: usize = 40_000;

/// All loaders.
pub(super) struct Crew(Vec<Member>);

struct Member {
    child: Child,
    words: ChildStdin,
    answers: Receiver<String>,
}

impl Crew {
    /// Starts one process for each of `loaders`, which name nodes and how many to connect there.
    ///
    /// # Errors
    /// Where one does not start.
    pub(super) fn start(
        loaders: &[Vec<(usize, usize)>],
        nodes: &[Server],
        patience: Duration,
    ) -> Result<Self> {
        let mut crew = Self(Vec::new());
        let pace = (ASKING * loaders.len() * 1_000).div_ceil(REQUESTS_PER_SECOND);
        for (number, parts) in loaders.iter().enumerate() {
            let mut command = leashed(&std::env::current_exe()?)?;
            command.args(["loader", "--number", &number.to_string()]);
            command.args(["--pace", &pace.to_string()]);
            command.args(["--patience", &patience.as_secs().to_string()]);
            for (node, count) in parts {
                let address = nodes[*node].target.address;
                command.args(["--to", &format!("{address}={count}")]);
            }
            command.stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = leash::start(command)?;
            let words = child.stdin.take().context("a piped standard input")?;
            let stdout = child.stdout.take().context("a piped standard output")?;
            let (sender, answers) = mpsc::channel();
            std::thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
            crew.0.push(Member { child, words, answers });
        }
        // One that is still becoming a loader has no memory to be read: the kernel says that there is
        // no such process (ESRCH) where it runs another program between the opening of its
        // `smaps_rollup` and the reading.
        crew.tell(Word::Count, usize::MAX, patience)?;
        Ok(crew)
    }

    pub(super) fn pids(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|member| member.child.id())
    }

    /// Tells them a word, `at_once` of them at a time, and adds up what they answer.
    ///
    /// # Errors
    /// Where one of them fails, ends, or has no answer within `patience`.
    pub(super) fn tell(&mut self, word: Word, at_once: usize, patience: Duration) -> Result<Told> {
        let until = Instant::now() + patience;
        let mut all = Told::default();
        for members in self.0.chunks_mut(at_once) {
            for member in &mut *members {
                // One that has ended has left its reason, which is read below.
                let _ = writeln!(member.words, "{}", word.as_str());
            }
            for member in members {
                let left = until.saturating_duration_since(Instant::now());
                let line = member.answers.recv_timeout(left);
                let line =
                    line.map_err(|why| anyhow!("no answer to {:?}: {why}", word.as_str()))?;
                let told: Told = serde_json::from_str(&line)?;
                if let Some(error) = told.error {
                    bail!(error);
                }
                all.connections += told.connections;
                all.matched += told.matched;
                all.pings += told.pings;
            }
        }
        Ok(all)
    }

    /// What one of them has failed with since it was last asked, if any has.
    pub(super) fn complaint(&self) -> Option<String> {
        let lines = self.0.iter().flat_map(|member| member.answers.try_iter());
        lines.filter_map(|line| serde_json::from_str::<Told>(&line).ok()?.error).next()
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        for member in &mut self.0 {
            let _ = member.child.kill();
            let _ = member.child.wait();
        }
    }
}
