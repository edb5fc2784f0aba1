//! Match: everybody stops and asks again as soon as they have met, both in one write. With two
//! clients alone it is the mode `pair`, whose rate tells whether a frame waits for something.

use anyhow::Result;

use super::{Counted, Figures, Size, measure};
use crate::{
    load::{Load, Out, Scenario, field},
    server::Server,
};

/// What everybody says who looks for somebody.
pub(crate) const REQUEST: (&str, &str) = ("request-room", "{\"autoNext\":false}");

struct Meeting {
    match_dones: u64,
}

impl Scenario for Meeting {
    fn on_event(&mut self, out: &mut Out, who: usize, name: &str, data: &str) {
        if name != "match-done" {
            return;
        }
        self.match_dones += 1;
        let room = field(data, "roomId").unwrap_or_default();
        out.say(who, "stop-call", &format!("{{\"roomId\":\"{room}\"}}"));
        out.say(who, REQUEST.0, REQUEST.1);
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
    let mut load = Load::connect(&server.target, size.clients)?;
    for who in 0..load.len() {
        load.out.say(who, REQUEST.0, REQUEST.1);
    }
    measure(server, &mut load, &mut Meeting { match_dones: 0 }, size)
}
