//! Events' numbers: no hole, no double, and the same event under the same number whenever it comes.

use serde_json::Value;

use super::{Model, Rule, broken};

/// Events that must not be lost, which carry a number.
const NUMBERED: [&str; 7] = [
    "match-done",
    "negotiation-call-offer",
    "negotiation-call-answer",
    "new-ice-candidates",
    "newMessage",
    "stop-by-remote-user",
    "partner-away",
];

/// A digest of what was received (FNV-1a).
pub(crate) fn digest(bytes: &[u8], before: u64) -> u64 {
    bytes.iter().fold(before, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// Where a digest begins.
pub(crate) const DIGEST: u64 = 0xcbf2_9ce4_8422_2325;

impl Model {
    /// `session` has received the event `name`, whose frame is `text`.
    pub(crate) fn event(
        &mut self,
        session: usize,
        (name, data, text): (&str, &Value, &str),
        n: Option<u64>,
    ) -> Rule {
        let is_numbered = NUMBERED.contains(&name) || name == "partner-back";
        match (is_numbered, n) {
            (true, None) => return broken("numbers", format!("{name} without a number")),
            (false, Some(_)) => return broken("numbers", format!("{name} with a number")),
            (true, Some(n)) => {
                if self.number(session, n, text)? {
                    self.counts.add("events sent again");
                    return self.caught_up(session);
                }
            }
            (false, None) => {}
        }
        match name {
            "match-done" => self.match_done(session, data)?,
            "stop-by-remote-user" => self.stopped(session, data)?,
            "waiting" => self.waiting(session, data)?,
            "error" => self.error(session, data)?,
            "draining" => self.counts.add("draining"),
            _ => self.relayed(session, name, data)?,
        }
        if is_numbered { self.caught_up(session) } else { Ok(()) }
    }

    /// Whether the event was seen before.
    fn number(&mut self, session: usize, n: u64, text: &str) -> Rule<bool> {
        let hash = digest(text.as_bytes(), DIGEST).max(1);
        let now = self.now;
        let own = &mut self.sessions[session];
        if n != own.last_n + 1 {
            let (id, last) = (&own.id, own.last_n);
            return broken("numbers", format!("{id} got {n} after {last}: {text}"));
        }
        (own.last_n, own.seen_at) = (n, now);
        let index = usize::try_from(n - 1).unwrap_or(usize::MAX);
        if own.seen.len() <= index {
            own.seen.resize(index + 1, 0);
        }
        match std::mem::replace(&mut own.seen[index], hash) {
            0 => Ok(false),
            before if before == hash => Ok(true),
            _ => broken("numbers", format!("another event than before has the number {n}: {text}")),
        }
    }
}
