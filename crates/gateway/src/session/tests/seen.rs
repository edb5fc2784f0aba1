//! What a client has shown to have is kept no longer, and everything else is: a client that is cut at
//! any point gets exactly what it has not seen.

use super::*;

/// Every numbered frame that was written, and how many of them the client has got.
struct Walk {
    bench: Bench,
    welcome: Value,
    written: Vec<Value>,
    seen: usize,
    /// Rooms that the client knows, the last one last.
    known: Vec<String>,
    rooms: u128,
    random: u64,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut bench = Bench::new();
        bench.session.greet(bench.now);
        let welcome = bench.sent().pop().unwrap();
        let random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let (written, known) = (Vec::new(), Vec::new());
        Self { bench, welcome, written, seen: 0, known, rooms: 0, random }
    }

    fn below(&mut self, bound: u64) -> usize {
        // Xorshift (Marsaglia, 2003).
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from((self.random >> 32) % bound).unwrap()
    }

    /// Does as the driver does.
    fn carry_out(&mut self) {
        for effect in self.bench.effects() {
            if let Effect::Number(event, n, _) = effect {
                self.bench.session.keep(Kept::Own(&event), n, self.bench.now.moment);
                self.written.push(serde_json::from_slice(&event.into_frame(Some(n))).unwrap());
            }
        }
    }

    fn see_some(&mut self) {
        let unseen = self.written.len() - self.seen;
        for _ in 0..self.below(unseen as u64 + 1) {
            let frame = &self.written[self.seen];
            self.seen += 1;
            assert_eq!(frame["n"], self.seen);
            if frame["event"] == "match-done" {
                self.known.push(frame["data"]["roomId"].as_str().unwrap().to_owned());
            }
        }
    }

    fn say(&mut self) {
        let about = self.below(8).min(self.known.len());
        let room = self.known.len().checked_sub(about).and_then(|at| self.known.get(at)).cloned();
        let event = ["typing", "negotiation-call-offer", "stop-call", "newMessage"][self.below(4)];
        let mut data = json!({"typing": true, "offer": {}, "message": "hi"});
        if let Some(room) = room {
            data["roomId"] = room.into();
        }
        self.bench.says(event, &data);
    }

    fn resume(&mut self) {
        let claim = super::resume::claim(&self.welcome, self.seen as u64);
        self.bench.session.check_claim(&claim).unwrap();
        assert!(self.bench.session.resume(&claim, self.bench.now), "nothing was lost");
        let mut sent = self.bench.sent();
        self.welcome = sent.remove(0);
        assert_eq!(sent, self.written[self.seen..]);
        // That is one way to know a room.
        self.known.extend(self.welcome["data"]["roomId"].as_str().map(str::to_owned));
    }

    fn step(&mut self) {
        self.bench.now.moment = self.bench.now.moment + Duration::from_millis(10);
        match self.below(8) {
            0 => {
                self.rooms += 1;
                self.bench.matched(self.rooms);
            }
            1 => self.bench.left(self.rooms),
            2..4 => self.bench.relayed(self.rooms, "a signal"),
            4 | 5 => self.say(),
            6 => self.see_some(),
            _ => self.resume(),
        }
        self.carry_out();
    }
}

#[test]
fn whoever_is_cut_at_any_point_gets_all_that_they_have_not_seen() {
    for seed in 0..300 {
        let mut walk = Walk::new(seed);
        (0..60).for_each(|_| walk.step());
        walk.resume();
    }
}

#[test]
fn a_client_that_names_its_room_has_the_word_of_it_and_all_before() {
    let mut walk = Walk::new(1);
    let bench = &mut walk.bench;
    bench.matched(1);
    bench.left(1);
    bench.matched(2);
    bench.relayed(2, "a signal");
    walk.carry_out();
    let first_kept = |walk: &Walk| {
        let ring = &walk.bench.session.traces.as_ref().unwrap().ring;
        (1..=5).find(|n| ring.again(*n, 4).is_some())
    };
    walk.bench.says("typing", &json!({"typing": true}));
    walk.bench.says("typing", &json!({"typing": true, "roomId": format_id(1)}));
    assert_eq!(first_kept(&walk), Some(1), "neither says anything of the last match");
    walk.bench.says("typing", &json!({"typing": true, "roomId": format_id(2)}));
    assert_eq!(first_kept(&walk), Some(4));
    walk.carry_out();
    walk.bench.says("stop-call", &json!({"roomId": format_id(2)}));
    assert_eq!(first_kept(&walk), Some(4), "the signal may have come or not");
}

#[test]
fn a_room_that_the_welcome_has_named_says_nothing_of_the_word_of_it() {
    let mut walk = Walk::new(1);
    walk.bench.matched(1);
    walk.carry_out();
    walk.resume();
    walk.bench.says("typing", &json!({"typing": true, "roomId": walk.welcome["data"]["roomId"]}));
    walk.resume();
}
