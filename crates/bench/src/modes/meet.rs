//! Match: everybody stops and asks again as soon as they have met, both in one write.

use anyhow::Result;

use super::{Counted, Figures, Size, measure};
use crate::{
    load::{Load, Out, Scenario, between},
    server::Server,
};

const REQUEST: &str = "{\"event\":\"request-room\",\"data\":{\"autoNext\":false}}";

struct Meeting {
    match_dones: u64,
}

impl Scenario for Meeting {
    fn on_text(&mut self, out: &mut Out, who: usize, text: &str) {
        if !text.starts_with("{\"event\":\"match-done\"") {
            return;
        }
        self.match_dones += 1;
        let room = between(text, "\"roomId\":\"").unwrap_or_default();
        out.send(who, &format!("{{\"event\":\"stop-call\",\"data\":{{\"roomId\":\"{room}\"}}}}"));
        out.send(who, REQUEST);
    }
}

impl Counted for Meeting {
    fn operations(&self) -> u64 {
        self.match_dones / 2
    }
}

/// CPU per match: one whole turn of two.
///
/// # Errors
/// Where the server does not do its work.
pub(crate) fn meet(server: &Server, size: Size) -> Result<Figures> {
    let mut load = Load::connect(server.address, size.clients)?;
    for who in 0..load.len() {
        load.out.send(who, REQUEST);
    }
    measure(server, &mut load, &mut Meeting { match_dones: 0 }, size)
}
