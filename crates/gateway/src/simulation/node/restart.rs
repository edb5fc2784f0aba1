//! The end of a simulated process, and the beginning of the next one.

use tokio::sync::oneshot;

use super::{super::Figures, SimulatedNode};
use crate::{driver::Post, estate::Left, settings::Settings};

impl SimulatedNode {
    /// The process ends as it is asked to, and another goes on in its place at the same moment, with so
    /// many event loops: every connection has ended, and its client finds out. What was counted is
    /// counted anew; it gives what the one that has ended had counted.
    ///
    /// # Panics
    /// Where what was left is not taken over.
    pub fn restart(&mut self, threads: usize) -> Figures {
        let left = self.leave();
        let figures = self.figures();
        let secret = &self.lasting.secret;
        let estate = left.as_ref().map(|left| left.seal(secret).expect("it is little"));
        let settings = Settings { threads, ..self.door.node.shared.settings.clone() };
        let (clients, last_client) = (std::mem::take(&mut self.clients), self.last_client);
        // Its sockets are gone with it.
        self.loops.clear();
        let lasting = self.lasting.clone();
        *self = Self { clients, last_client, ..Self::begin(settings, lasting, estate.as_ref()) };
        figures
    }

    /// Drains, and gives what the next process is to know. Answers of the store that wait are let go.
    pub(crate) fn leave(&mut self) -> Option<Left> {
        self.drain();
        self.settle();
        while self.let_answer_go(0) {
            self.settle();
        }
        let mut answers = Vec::new();
        for each in &self.loops {
            let (answer, answered) = oneshot::channel();
            each.plane.link().post(Post::Bequeath(answer));
            answers.push(answered);
        }
        self.settle();
        let loops = answers.into_iter().map(|mut answered| answered.try_recv());
        let loops = loops.map(|legacy| legacy.expect("every loop has turned")).collect();
        let (wall, moment) = (self.lasting.time.wall(), self.door.node.clock.moment());
        Left::gather(loops, wall, moment)
    }
}
