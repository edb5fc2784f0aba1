//! Relay: pairs with one signal of 500 bytes in flight.

use std::time::Duration;

use anyhow::{Result, bail};

use super::{Counted, Figures, Size, measure, meet::REQUEST};
use crate::{
    load::{Load, Out, Scenario},
    server::Server,
};

/// What is said and how it arrives.
pub(super) const SIGNAL: &str = "send-new-ice-candidates";
pub(super) const SIGNAL_ARRIVES: &str = "new-ice-candidates";
/// The whole text of a signal on the plain wire has this many bytes.
const SIGNAL_BYTES: usize = 500;

/// Everybody in a call, two and two.
#[derive(Default)]
struct Pairing {
    match_dones: usize,
    initiators: Vec<usize>,
}

impl Scenario for Pairing {
    fn on_event(&mut self, _out: &mut Out, who: usize, name: &str, data: &str) {
        if name == "match-done" {
            self.match_dones += 1;
            if data.contains("\"initiator\":true") {
                self.initiators.push(who);
            }
        }
    }
}

pub(super) fn pair_up(server: &Server, size: Size) -> Result<(Load, Vec<usize>)> {
    let mut load = Load::connect(&server.target, size.clients & !1)?;
    let initiators = meet_all(&mut load)?;
    Ok((load, initiators))
}

/// Gets everybody into a call; tells who of each two is the initiator.
pub(crate) fn meet_all(load: &mut Load) -> Result<Vec<usize>> {
    let count = load.len();
    for who in 0..count {
        load.out.say(who, REQUEST.0, REQUEST.1);
    }
    let mut pairing = Pairing::default();
    if !load.run(&mut pairing, Duration::from_secs(30), |p| p.match_dones == count)? {
        bail!("{} of {count} have met", pairing.match_dones);
    }
    Ok(pairing.initiators)
}

/// The data of a signal, with a number of the sender's.
pub(super) fn signal(stamp: u64) -> String {
    let head = format!("{{\"candidate\":{{\"t\":\"{stamp:020}\",\"c\":\"");
    let tail = "\"}}";
    let envelope = "{\"event\":\"\",\"data\":}".len() + SIGNAL.len();
    format!("{head}{}{tail}", "x".repeat(SIGNAL_BYTES - envelope - head.len() - tail.len()))
}

struct Relaying {
    signal: String,
    relayed: u64,
}

impl Scenario for Relaying {
    fn on_event(&mut self, out: &mut Out, who: usize, name: &str, _data: &str) {
        if name == SIGNAL_ARRIVES {
            self.relayed += 1;
            out.say(who, SIGNAL, &self.signal);
        }
    }
}

impl Counted for Relaying {
    fn operations(&self) -> u64 {
        self.relayed
    }
}

/// CPU per relayed signal.
///
/// # Errors
/// Where the server does not do its work.
pub(crate) fn relay(server: &Server, size: Size) -> Result<Figures> {
    let (mut load, initiators) = pair_up(server, size)?;
    let mut relaying = Relaying { signal: signal(0), relayed: 0 };
    for who in initiators {
        load.out.say(who, SIGNAL, &relaying.signal);
    }
    measure(server, &mut load, &mut relaying, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_has_the_length_that_the_targets_name() {
        let mut text = String::new();
        crate::load::Wire::Plain.write(&mut text, SIGNAL, &signal(7), None);
        assert_eq!(text.len(), SIGNAL_BYTES);
    }
}
