//! Steps: what happens in each follows from its own number, the seed, and how things stand. So any of
//! them can be left out, and the others do what they can of what they did.

use crate::{
    commands, hello,
    model::{Claim, Place, Rule},
    random::Random,
    wire::Cut,
    world::World,
};

/// What a step does.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// One window acts.
    Act,
    /// Two partners act at one moment.
    Both,
    /// Everything under way arrives, and the whole is checked.
    Settle,
    /// Time passes.
    Wait,
    /// The machine sleeps.
    Sleep,
    /// Somebody sets the clock.
    SetClock,
    /// The process ends, and another goes on.
    Restart,
}

/// What a window does.
#[derive(Clone, Copy, Debug)]
enum Act {
    Say,
    Twice,
    Wrong,
    Flood,
    Lose(Cut),
    Close,
    Reload,
    TakeOver,
    Leave,
    ReadSlowly,
    Violate,
}

impl World {
    /// Does the step of that number.
    pub(crate) fn step(&mut self, number: u64) -> Rule {
        let mut random = Random::new(self.seed, number);
        let step = random.weighted(&[
            (780, Step::Act),
            (130, Step::Both),
            (40, Step::Settle),
            (35, Step::Wait),
            (8, Step::Sleep),
            (7, Step::SetClock),
            (4, Step::Restart),
        ]);
        self.transcript.note(self.model.now, || format!("step {number}: {step:?}"));
        self.transcript.digest(&number.to_be_bytes());
        let mut serial = number << 12;
        match step {
            Step::Act => {
                let window = random.index(self.windows.len());
                self.act(window, &mut random, &mut serial);
            }
            Step::Both => self.act_both(&mut random, &mut serial),
            Step::Settle => return self.settle(&mut random),
            Step::Wait => {
                let span = *random.pick(&[1_000, 2_500, 6_000, 12_000, 33_000]);
                return self.pump(self.model.now + span, &mut random);
            }
            Step::Sleep => {
                let span = *random.pick(&[500, 4_000, 20_000, 40_000, 90_000]);
                self.model.counts.add("sleeps");
                self.leap(self.model.now + span);
            }
            Step::Restart => self.restart(&mut random),
            Step::SetClock => {
                let span = i64::try_from(random.below(7_200_000)).unwrap_or(0) - 3_600_000;
                self.model.counts.add("clocks set");
                self.node.jump_wall(span);
            }
        }
        let span = random.weighted(&[(50, 0), (30, 20), (15, 150), (5, 700)]);
        self.pump(self.model.now + random.below(span + 1), &mut random)
    }

    /// Two in one call act before either can have heard of the other.
    fn act_both(&mut self, random: &mut Random, serial: &mut u64) {
        let window = random.index(self.windows.len());
        let session = self.windows[window].session;
        let room = session.map(|session| self.model.sessions[session].place);
        let partner = match (session, room) {
            (Some(session), Some(Place::Room(room))) => {
                self.model.rooms[room].side(session).map(|side| side.partner)
            }
            _ => None,
        };
        let other = partner.and_then(|partner| {
            self.windows.iter().position(|window| window.session == Some(partner))
        });
        let other = other.unwrap_or_else(|| random.index(self.windows.len()));
        for window in [window, other] {
            let event = random.weighted(&[(5, "request-room"), (3, "stop-call"), (1, "undo-skip")]);
            if random.percent(15) {
                self.act(window, random, serial);
            } else if self.windows[window].is_on() {
                self.say(window, event, (random, serial));
            } else {
                self.connect(window, random);
            }
        }
    }

    fn act(&mut self, window: usize, random: &mut Random, serial: &mut u64) {
        if !self.windows[window].is_connected() {
            return self.connect(window, random);
        }
        if !self.windows[window].is_on() {
            if random.percent(10) {
                self.cut(window, *random.pick(&[Cut::Reset, Cut::Finish, Cut::Silence]));
            } else if random.percent(5) {
                self.connect(window, random);
            }
            return;
        }
        let act = random.weighted(&[
            (700, Act::Say),
            (30, Act::Twice),
            (40, Act::Wrong),
            (2, Act::Flood),
            (40, Act::Lose(Cut::Reset)),
            (20, Act::Lose(Cut::Finish)),
            (20, Act::Lose(Cut::Silence)),
            (25, Act::Close),
            (30, Act::Reload),
            (40, Act::TakeOver),
            (15, Act::Leave),
            (25, Act::ReadSlowly),
            (5, Act::Violate),
        ]);
        self.do_it(window, act, (random, serial));
    }

    fn do_it(&mut self, window: usize, act: Act, (random, serial): (&mut Random, &mut u64)) {
        match act {
            Act::Say => {
                let event = self.likely_event(window, random);
                self.say(window, event, (random, serial));
            }
            Act::Twice => {
                let event = self.likely_event(window, random);
                self.say(window, event, (random, serial));
                self.say(window, event, (random, serial));
            }
            Act::Wrong => self.say_wrong(window, random),
            Act::Flood => self.flood(window, (random, serial)),
            Act::Lose(cut) => self.cut(window, cut),
            Act::Close => {
                let code = *random.pick(&[None, Some(1000), Some(1001), Some(1002), Some(4999)]);
                self.close(window, code);
            }
            Act::Reload => {
                self.close(window, Some(1001));
                self.connect(window, random);
                self.model.counts.add("reloads");
            }
            Act::TakeOver => {
                if random.percent(40) {
                    let event = self.likely_event(window, random);
                    self.say(window, event, (random, serial));
                }
                self.model.counts.add("takeovers");
                self.connect(window, random);
            }
            Act::Leave => {
                self.close(window, Some(1000));
                self.windows[window].forget_session();
            }
            Act::ReadSlowly => {
                let until = self.model.now + random.between(200, 4_000);
                let bytes = random.index(2_000);
                self.model.counts.add("slow readers");
                self.with(window, |window, around| window.read_slowly(around, until, bytes));
            }
            Act::Violate => self.violate(window, random),
        }
    }

    pub(crate) fn cut(&mut self, window: usize, cut: Cut) {
        self.model.counts.add(match cut {
            Cut::Reset => "sockets reset",
            Cut::Finish => "sockets half-closed",
            Cut::Silence => "sockets fallen silent",
        });
        self.with(window, |window, around| window.cut(around, cut));
    }

    fn close(&mut self, window: usize, code: Option<u16>) {
        self.model.counts.add("sockets closed");
        self.with(window, |window, around| window.close(around, code));
    }

    fn connect(&mut self, window: usize, random: &mut Random) {
        let is_announced = random.percent(60);
        let hello = hello::choose(self, window, random);
        // Whether it came too late to be waited for nobody could see of one that says but a name.
        let says_who =
            |(claim, _): &(Claim, String)| claim.session.is_some() || claim.user.is_some();
        let is_announced = is_announced && hello.as_ref().is_none_or(says_who);
        let network = Random::new(random.next(), 1);
        self.model.counts.add("sockets opened");
        self.with(window, |window, around| window.connect(around, (network, is_announced), hello));
    }

    fn say(&mut self, window: usize, event: &'static str, dice: (&mut Random, &mut u64)) {
        let Some(session) = self.windows[window].session else { return };
        let (random, serial) = dice;
        let command = commands::choose(&self.model, (session, event), (random, serial));
        // Without a number the Lobby's yes is not heard of: rarely, for it leaves much open.
        let is_numbered = random.percent(if command.is_for_lobby() { 97 } else { 85 });
        self.with(window, |window, around| window.say(around, command, is_numbered));
    }

    fn likely_event(&self, window: usize, random: &mut Random) -> &'static str {
        let session = self.windows[window].session;
        let place = session.map_or(Place::Idle, |session| self.model.sessions[session].place);
        commands::likely(place, random)
    }

    fn say_wrong(&mut self, window: usize, random: &mut Random) {
        if random.percent(20) {
            let bytes = commands::junk(random);
            self.with(window, |window, around| {
                if let Some(session) = window.session {
                    let junk = commands::unnumbered("junk");
                    around.model.send(session, junk, false);
                }
                window.begin();
                window.put_raw(around, bytes);
            });
            return;
        }
        let command = commands::wrong(random);
        if command.event == "hello" && !self.windows[window].has_begun() {
            return;
        }
        let is_numbered = random.percent(80);
        self.with(window, |window, around| window.say(around, command, is_numbered));
    }

    fn flood(&mut self, window: usize, (random, serial): (&mut Random, &mut u64)) {
        self.model.counts.add("floods");
        let (event, count) =
            *random.pick(&[("request-room", 26), ("newMessage", 30), ("heartbeat", 420)]);
        self.with(window, |window, _| window.deserves(|it| it.is_flooding = true));
        for _ in 0..count {
            self.say(window, event, (random, serial));
        }
    }

    fn violate(&mut self, window: usize, random: &mut Random) {
        let (code, bytes) = commands::violation(random);
        self.model.counts.add("violations");
        self.with(window, |window, around| {
            window.deserves(|it| it.violation = it.violation.or(Some(code)));
            window.put_raw(around, bytes);
            if let Some(session) = window.session {
                around.model.lost(session, 0, true);
            }
        });
    }
}
