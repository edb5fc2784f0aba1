//! A thousand who talk in calls are cut again and again, in a random order: no text is lost or
//! doubled, and everybody hears them in the order in which they were said.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use liveloop_gateway::settings::Settings;
use liveloop_protocol::Limits;
use serde_json::{Value, json};
use support::{Client, Server, pair, patient};

const PAIRS: u64 = 500;
/// How often each of them is cut.
const CUTS: u64 = 3;
/// How many texts each says between two cuts.
const TEXTS: u64 = 4;

/// One of a pair, with what they believe in.
struct Talker {
    client: Option<Client>,
    room: Value,
    said: u64,
    /// Said, and not acknowledged.
    pending: Vec<u64>,
    heard: Vec<u64>,
    last_n: u64,
    random: u64,
}

impl Talker {
    fn new(client: Client, room: &Value, seed: u64) -> Self {
        Self {
            client: Some(client),
            room: room.clone(),
            said: 0,
            pending: Vec::new(),
            heard: Vec::new(),
            last_n: 1,
            random: seed,
        }
    }

    /// Below `bound`.
    fn random(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.random >> 33) % bound
    }

    async fn send(&mut self, text: u64) {
        let data = json!({
            "message": text.to_string(), "roomId": self.room, "clientId": format!("c-{text}"),
        });
        self.client.as_mut().unwrap().ask_later("newMessage", data).await;
    }

    async fn talk(&mut self) {
        for _ in 0..TEXTS {
            self.said += 1;
            self.pending.push(self.said);
            self.send(self.said).await;
        }
    }

    /// Takes one frame.
    async fn hear(&mut self) {
        let frame = self.client.as_mut().unwrap().frame().await;
        if frame["ack"].is_u64() {
            assert!(frame["error"].is_null(), "{frame}");
            // One is acknowledged after the other, and repeated in that order.
            self.pending.remove(0);
            return;
        }
        let n = frame["n"].as_u64().unwrap_or_else(|| panic!("only numbered events: {frame}"));
        assert_eq!(n, self.last_n + 1, "each once and in order: {frame}");
        self.last_n = n;
        if frame["event"] == "newMessage" {
            self.heard.push(frame["data"]["message"].as_str().unwrap().parse().unwrap());
        }
    }

    /// Loses the socket, whatever is still under way on it, and comes back as a client should.
    async fn cut(&mut self, server: &Server) {
        let client = self.client.take().unwrap();
        let welcome = client.welcome.clone();
        client.lose();
        let hello = json!({"resume": welcome["resume"], "after": self.last_n});
        let back = server.back(hello).await;
        let told = &back.welcome;
        assert_eq!((&told["resumed"], &told["recovered"]), (&json!(true), &json!(true)));
        assert_eq!((&told["socketId"], &told["roomId"]), (&welcome["socketId"], &self.room));
        self.client = Some(back);
        for text in self.pending.clone() {
            self.send(text).await;
        }
    }

    async fn be_talkative(mut self, server: Arc<Server>) -> Self {
        for _ in 0..CUTS {
            self.talk().await;
            for _ in 0..self.random(6) {
                self.hear().await;
            }
            self.cut(&server).await;
        }
        let all = CUTS * TEXTS;
        while !self.pending.is_empty() || (self.heard.len() as u64) < all {
            self.hear().await;
        }
        self
    }
}

#[tokio::test]
async fn a_thousand_are_cut_and_lose_nothing() {
    let limits = Limits {
        messages_per_second: 0,
        events_per_second: 0,
        connections_per_address: 0,
        upgrades_per_second: 0,
        upgrades_per_address_per_second: 0,
        ..Limits::for_testing()
    };
    let mut settings = Settings { limits, ..patient() };
    settings.session.replay_bytes = 16 << 10;
    let server = Arc::new(Server::start(settings).await);
    let mut talkers = Vec::new();
    for number in 0..PAIRS {
        let ((ada, for_ada), (ben, _)) = pair(&server).await;
        for (client, seed) in [(ada, 2 * number), (ben, 2 * number + 1)] {
            let talker = Talker::new(client, &for_ada["roomId"], seed);
            talkers.push(tokio::spawn(talker.be_talkative(Arc::clone(&server))));
        }
    }
    for talker in talkers {
        let talker = talker.await.unwrap();
        let expected: Vec<u64> = (1..=CUTS * TEXTS).collect();
        assert_eq!(talker.heard, expected);
    }
    let resumed = server.metric("liveloop_sessions_resumed_total{recovered=\"true\"}").await;
    assert_eq!(resumed, (2 * PAIRS * CUTS) as f64);
}
