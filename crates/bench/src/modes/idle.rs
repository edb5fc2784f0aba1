//! Idle: what a connection costs that has been welcomed, has said one thing, and is silent since.
//! Heartbeat: what it costs when everybody says that they are there.

use std::time::Duration;

use anyhow::{Result, bail};

use super::{Counted, Figures, Size, measure};
use crate::{
    load::{Load, Out, Scenario},
    process,
    server::Server,
};

/// Everybody asks for the time, and again as soon as they have been told.
struct Asking {
    answers: u64,
    references: Vec<u64>,
    asks_again: bool,
}

impl Asking {
    fn new(count: usize, asks_again: bool) -> Self {
        Self { answers: 0, references: vec![0; count], asks_again }
    }

    fn ask(&mut self, out: &mut Out, who: usize) {
        self.references[who] += 1;
        out.ask(who, self.references[who], "heartbeat", "{}");
    }
}

impl Scenario for Asking {
    fn on_event(&mut self, _out: &mut Out, _who: usize, _name: &str, _data: &str) {}

    fn on_ack(&mut self, out: &mut Out, who: usize, _answer: &str) {
        self.answers += 1;
        if self.asks_again {
            self.ask(out, who);
        }
    }
}

impl Counted for Asking {
    fn operations(&self) -> u64 {
        self.answers
    }
}

/// Memory per idle connection.
///
/// # Errors
/// Where the server does not do its work.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(crate) fn idle(server: &Server, size: Size) -> Result<Figures> {
    // What the first connections cost once for all is not an idle connection's.
    let _first = Load::connect(&server.target, 8)?;
    let user = || server.pid.map(process::memory).transpose();
    let kernel = || process::System::now().kernel + process::tcp_memory();
    let (before, kernel_before) = (user()?, kernel());
    let mut load = Load::connect(&server.target, size.clients)?;
    let mut asking = Asking::new(size.clients, false);
    for who in 0..size.clients {
        asking.ask(&mut load.out, who);
    }
    let all = size.clients as u64;
    if !load.run(&mut asking, Duration::from_secs(60), |asking| asking.answers == all)? {
        bail!("{} of {all} were answered", asking.answers);
    }
    load.run(&mut asking, size.time, |_| false)?;
    let (after, kernel_after) = (user()?, kernel());
    let per = |after: u64, before: u64| after.saturating_sub(before) as f64 / size.clients as f64;
    Ok(Figures {
        operations: all,
        memory_bytes: after.zip(before).map(|(after, before)| per(after.pss, before.pss)),
        kernel_bytes: Some(per(kernel_after, kernel_before)),
        ..Figures::default()
    })
}

/// CPU per heartbeat.
///
/// # Errors
/// Where the server does not do its work.
pub(crate) fn heartbeat(server: &Server, size: Size) -> Result<Figures> {
    let mut load = Load::connect(&server.target, size.clients)?;
    let mut asking = Asking::new(size.clients, true);
    for who in 0..size.clients {
        asking.ask(&mut load.out, who);
    }
    measure(server, &mut load, &mut asking, size)
}
