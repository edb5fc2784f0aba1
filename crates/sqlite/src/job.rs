//! What the writer's thread is asked to do, with who waits for the answer.

use liveloop_ports::Unavailable;
use tokio::sync::oneshot;

use crate::messages::Tables;

/// Something to be done within a commit that it may share with others.
pub(crate) trait Job: Send {
    /// Does it, within a transaction. It may be called again after that was rolled back, and must
    /// have changed nothing where its own answer is an error.
    fn run(&mut self, tables: &mut Tables<'_>) -> rusqlite::Result<()>;

    /// Answers, once it is durable or has failed.
    fn answer(self: Box<Self>, committed: Result<(), Unavailable>);
}

/// A job made of a closure.
pub(crate) struct Task<T, E, F> {
    pub(crate) work: F,
    done: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Task<T, E, F> {
    pub(crate) fn new(work: F) -> (Box<Self>, oneshot::Receiver<Result<T, E>>) {
        let (reply, answer) = oneshot::channel();
        (Box::new(Self { work, done: None, reply }), answer)
    }
}

impl<T, E, F> Job for Task<T, E, F>
where
    T: Send,
    E: From<Unavailable> + Send,
    F: FnMut(&mut Tables<'_>) -> rusqlite::Result<Result<T, E>> + Send,
{
    fn run(&mut self, tables: &mut Tables<'_>) -> rusqlite::Result<()> {
        self.done = Some((self.work)(tables)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), Unavailable>) {
        let answer = match committed {
            Ok(()) => self.done.expect("what was committed has run"),
            Err(why) => Err(E::from(why)),
        };
        // Whoever asked may have gone; it is done all the same.
        let _ = self.reply.send(answer);
    }
}
