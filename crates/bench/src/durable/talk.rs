//! Visitors of one group and of several calls, who always have something to say, and say again what was
//! not acknowledged.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Error, Result, bail};
use serde::Deserialize;

use super::book::{Book, Place};
use crate::load::{Load, Out, Scenario, field};

/// Texts of one client on their way at any time.
const IN_FLIGHT: usize = 8;
/// When a text is said again that was refused.
const SAY_AGAIN_AFTER: Duration = Duration::from_millis(40);
/// What a partner can be told though nothing can be kept.
const SIGNAL: &str = "send-new-ice-candidates";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ack {
    #[serde(rename = "ack")]
    reference: u64,
    data: Option<Acknowledged>,
    error: Option<Refused>,
}

/// Of a text, or of something else.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Acknowledged {
    message_id: Option<String>,
    seq: Option<u64>,
}

#[derive(Deserialize)]
struct Refused {
    code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Heard {
    room_id: String,
    seq: u64,
    message_id: String,
    client_id: Option<String>,
    message: String,
}

/// What one client has said and not heard of.
#[derive(Default)]
struct Speaker {
    token: String,
    room: String,
    is_in_call: bool,
    references: u64,
    said: u64,
    unanswered: HashMap<u64, String>,
}

/// All clients of one round.
pub(super) struct Talk<'a> {
    book: &'a mut Book,
    round: u32,
    speakers: Vec<Speaker>,
    group: String,
    members: usize,
    ready: usize,
    again: Vec<(Instant, usize, String)>,
    /// Texts refused because they could not be kept, and those acknowledged since the last of them.
    pub(super) refused: u64,
    pub(super) acknowledged_since: u64,
    pub(super) signals_said: u64,
    pub(super) signals_heard: u64,
    failure: Option<Error>,
}

impl<'a> Talk<'a> {
    /// The first `members` clients join `group`, the others meet each other; then all begin to talk.
    ///
    /// # Errors
    /// Where they do not come so far.
    pub(super) fn begin(
        load: &mut Load,
        book: &'a mut Book,
        (round, group, members): (u32, String, usize),
    ) -> Result<Self> {
        book.begin_round();
        let speakers = std::iter::repeat_with(Speaker::default).take(load.len()).collect();
        let mut talk = Self {
            book,
            round,
            speakers,
            group,
            members,
            ready: 0,
            again: Vec::new(),
            refused: 0,
            acknowledged_since: 0,
            signals_said: 0,
            signals_heard: 0,
            failure: None,
        };
        // Each `welcome` that answers it holds the token with which one may read later.
        (0..load.len()).for_each(|who| load.out.say(who, "hello", "{}"));
        let all = load.len();
        let is_ready = |talk: &Self| talk.ready == all || talk.failure.is_some();
        if !load.run(&mut talk, Duration::from_secs(30), is_ready)? {
            bail!("{} of {all} are in their rooms", talk.ready);
        }
        talk.check()?;
        for who in 0..all {
            (0..IN_FLIGHT).for_each(|_| talk.say(&mut load.out, who));
        }
        Ok(talk)
    }

    /// # Errors
    /// What was wrong in what clients were told.
    pub(super) fn check(&mut self) -> Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    fn is_known(&mut self, out: &mut Out, who: usize, token: &str) {
        token.clone_into(&mut self.speakers[who].token);
        if who < self.members {
            self.speakers[who].references = 1;
            out.ask(who, 1, "join-room", &format!("{{\"roomId\":\"{}\"}}", self.group));
        } else {
            out.say(who, "request-room", "{\"autoNext\":false}");
        }
    }

    fn say(&mut self, out: &mut Out, who: usize) {
        let speaker = &mut self.speakers[who];
        speaker.said += 1;
        let client_id = format!("{}-{who}-{}", self.round, speaker.said);
        self.say_again(out, who, client_id);
    }

    fn say_again(&mut self, out: &mut Out, who: usize, client_id: String) {
        let speaker = &mut self.speakers[who];
        speaker.references += 1;
        let (reference, room) = (speaker.references, &speaker.room);
        let data = format!(
            "{{\"message\":\"{client_id}\",\"clientId\":\"{client_id}\",\"roomId\":\"{room}\"}}"
        );
        out.ask(who, reference, "newMessage", &data);
        speaker.unanswered.insert(reference, client_id);
    }

    fn answered(&mut self, out: &mut Out, who: usize, answer: &str) -> Result<()> {
        let ack: Ack = serde_json::from_str(answer).context("an ack is JSON")?;
        let Some(client_id) = self.speakers[who].unanswered.remove(&ack.reference) else {
            if let Some(Refused { code }) = ack.error {
                bail!("{who} was refused: {code}");
            }
            self.begin_in(who, self.group.clone());
            return Ok(());
        };
        match (ack.data, ack.error) {
            (Some(Acknowledged { message_id: Some(message_id), seq: Some(seq) }), None) => {
                self.acknowledged_since += 1;
                let room = &self.speakers[who].room;
                self.book.acknowledge(room, &Place { seq, message_id, client_id })?;
                self.say(out, who);
            }
            (None, Some(Refused { code })) if code == "store-unavailable" => {
                self.refused += 1;
                self.book.refuse(&client_id);
                self.acknowledged_since = 0;
                self.again.push((Instant::now() + SAY_AGAIN_AFTER, who, client_id));
                if self.speakers[who].is_in_call {
                    self.signals_said += 1;
                    out.say(who, SIGNAL, "{\"candidate\":{\"candidate\":\"\"}}");
                }
            }
            (_, error) => bail!("a text was answered with {:?}", error.map(|it| it.code)),
        }
        Ok(())
    }

    fn heard(&mut self, who: usize, data: &str) -> Result<()> {
        let mut values = serde_json::Deserializer::from_str(data).into_iter::<Heard>();
        let heard = values.next().context("an event without data")??;
        let Heard { room_id, seq, message_id, client_id, message } = heard;
        if client_id.as_ref().is_some_and(|client_id| *client_id != message) {
            bail!("{message:?} came with the id of {client_id:?}");
        }
        self.book.hear(who, &room_id, &Place { seq, message_id, client_id: message })
    }

    fn begin_in(&mut self, who: usize, room: String) {
        self.book.admit(&room, &self.speakers[who].token);
        self.speakers[who].room = room;
        self.ready += 1;
    }

    fn keep(&mut self, outcome: Result<()>) {
        if let Err(error) = outcome {
            self.failure.get_or_insert(error);
        }
    }
}

impl Scenario for Talk<'_> {
    fn on_event(&mut self, out: &mut Out, who: usize, name: &str, data: &str) {
        match name {
            "welcome" => {
                let token = field(data, "token").unwrap_or_default();
                self.is_known(out, who, token);
            }
            "match-done" => {
                let room = field(data, "roomId").unwrap_or_default().to_owned();
                self.speakers[who].is_in_call = true;
                self.begin_in(who, room);
            }
            "newMessage" => {
                let outcome = self.heard(who, data);
                self.keep(outcome);
            }
            "new-ice-candidates" => self.signals_heard += 1,
            "error" => self.keep(Err(Error::msg(format!("{who} was told {data}")))),
            _ => {}
        }
    }

    fn on_ack(&mut self, out: &mut Out, who: usize, answer: &str) {
        let outcome = self.answered(out, who, answer);
        self.keep(outcome);
    }

    fn on_turn(&mut self, out: &mut Out) -> Duration {
        let now = Instant::now();
        let (due, later): (Vec<_>, _) = self.again.drain(..).partition(|(due, ..)| *due <= now);
        self.again = later;
        for (_, who, client_id) in due {
            self.say_again(out, who, client_id);
        }
        Duration::from_millis(10)
    }
}
