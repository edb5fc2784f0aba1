//! When the write-ahead log is brought into the file, and by whom: a pure machine, which the writer
//! asks between two batches. All lengths are in pages of 4 KiB, as SQLite counts them.
//!
//! The checkpointer brings in what it finds while the writer goes on, again and again, until what
//! is left is little; that little the writer brings itself, and the log starts over. Only where the
//! checkpointer does not keep up does the writer do all of it, and everybody waits.

/// How long the write-ahead log may become before something is done about it, in pages of 4 KiB.
#[derive(Clone, Copy, Debug)]
pub struct WalLimits {
    /// From how many on it is brought into the file beside the writer.
    pub bring: u32,
    /// How many at most are left to the writer, while appends wait.
    pub rest: u32,
    /// From how many on the writer brings it into the file however much is left.
    pub wait: u32,
    /// From how many on the log of the process warns of a reader who keeps it from starting over.
    pub warn: u32,
    /// From how many on nothing is written any more, where a reader does so.
    pub refuse: u32,
}

impl Default for WalLimits {
    fn default() -> Self {
        Self { bring: 4_096, rest: 256, wait: 32_768, warn: 65_536, refuse: 1_048_576 }
    }
}

/// What the writer is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The next batch.
    Nothing,
    /// To have the log brought into the file beside it.
    Bring,
    /// To wait until that has been done.
    Wait,
    /// To bring what is left itself, and let the log start over.
    Finish,
}

/// How bad it is that a reader is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// Not at all.
    Shortly,
    /// Somebody should look who that is: told once until it starts over.
    Long,
    /// Nothing more may be written.
    TooLong,
}

#[derive(Debug)]
pub(crate) struct Wal {
    limits: WalLimits,
    pages: u32,
    /// How many of them the file has, as the checkpointer last said.
    in_file: u32,
    /// How many there were when a reader was last in the way.
    held_at: u32,
    /// It was said that a reader has held it for long.
    is_told: bool,
    is_under_way: bool,
    /// What is under way began before the log started over.
    is_outdated: bool,
}

impl Wal {
    pub(crate) fn new(limits: WalLimits) -> Self {
        let (is_told, is_under_way, is_outdated) = (false, false, false);
        Self { limits, pages: 0, in_file: 0, held_at: 0, is_told, is_under_way, is_outdated }
    }

    pub(crate) fn is_under_way(&self) -> bool {
        self.is_under_way
    }

    /// Whether its file is so long that it is cut off; else it is written over, which costs less.
    pub(crate) fn is_long(&self) -> bool {
        self.pages / 2 > self.limits.wait
    }

    /// The last commit has left so many pages.
    pub(crate) fn committed(&mut self, pages: u32) {
        if pages < self.pages {
            self.start_over();
        }
        self.pages = pages;
    }

    /// It is empty, or the next commit will be its first.
    pub(crate) fn start_over(&mut self) {
        (self.pages, self.in_file, self.held_at) = (0, 0, 0);
        self.is_told = false;
        self.is_outdated = self.is_under_way;
    }

    /// The checkpointer has been asked.
    pub(crate) fn asked(&mut self) {
        self.is_under_way = true;
    }

    /// It has answered: so many pages are in the file, or it has failed.
    pub(crate) fn answered(&mut self, in_file: Option<u32>) {
        self.is_under_way = false;
        if std::mem::take(&mut self.is_outdated) {
            return;
        }
        match in_file {
            Some(in_file) if in_file > self.in_file => self.in_file = in_file.min(self.pages),
            _ => self.held_at = self.pages,
        }
    }

    /// How long it is, in pages.
    pub(crate) fn pages(&self) -> u32 {
        self.pages
    }

    /// The writer has tried to let it start over, and a reader was in the way.
    pub(crate) fn held(&mut self) -> Held {
        self.held_at = self.pages;
        if self.pages >= self.limits.refuse {
            return Held::TooLong;
        }
        let is_long = self.pages >= self.limits.warn;
        if is_long && !std::mem::replace(&mut self.is_told, true) {
            return Held::Long;
        }
        Held::Shortly
    }

    pub(crate) fn next(&self) -> Next {
        // After a reader was in the way it is tried again only when there is more to do.
        let length = self.pages - self.held_at;
        let is_urgent = length >= self.limits.wait || self.pages >= self.limits.refuse;
        let is_little = self.pages - self.in_file <= self.limits.rest;
        match (self.is_under_way, is_urgent) {
            (true, true) => Next::Wait,
            (true, false) => Next::Nothing,
            (false, true) => Next::Finish,
            (false, false) if length < self.limits.bring => Next::Nothing,
            (false, false) if is_little => Next::Finish,
            (false, false) => Next::Bring,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: WalLimits =
        WalLimits { bring: 100, rest: 10, wait: 400, warn: 600, refuse: 1_000 };

    fn of(pages: u32) -> Wal {
        let mut wal = Wal::new(LIMITS);
        wal.committed(pages);
        wal
    }

    #[test]
    fn what_is_left_becomes_less_until_the_writer_finishes() {
        let mut wal = of(99);
        assert_eq!(wal.next(), Next::Nothing);
        wal.committed(100);
        for (said, in_file, next) in [(140, 100, Next::Bring), (150, 140, Next::Finish)] {
            assert_eq!(wal.next(), Next::Bring);
            wal.asked();
            assert_eq!(wal.next(), Next::Nothing);
            wal.committed(said);
            wal.answered(Some(in_file));
            assert_eq!(wal.next(), next);
        }
        wal.start_over();
        assert_eq!(wal.next(), Next::Nothing);
    }

    #[test]
    fn where_the_checkpointer_does_not_keep_up_the_writer_does_it() {
        let mut wal = of(100);
        wal.asked();
        wal.committed(400);
        assert_eq!(wal.next(), Next::Wait);
        wal.answered(Some(100));
        assert_eq!(wal.next(), Next::Finish);
    }

    #[test]
    fn a_reader_in_the_way_is_tried_again_when_there_is_more_and_not_for_ever() {
        let mut wal = of(100);
        wal.asked();
        wal.answered(Some(0));
        assert_eq!(wal.next(), Next::Nothing, "nothing came of it");
        wal.committed(200);
        assert_eq!(wal.next(), Next::Bring);
        wal.asked();
        wal.answered(Some(195));
        assert_eq!(wal.next(), Next::Finish);
        assert_eq!(wal.held(), Held::Shortly);
        assert_eq!(wal.next(), Next::Nothing);
        wal.committed(1_000);
        assert_eq!(wal.next(), Next::Finish);
        assert_eq!(wal.held(), Held::TooLong);
        assert_eq!(wal.next(), Next::Finish, "once more before the next batch");
    }

    #[test]
    fn of_a_reader_in_the_way_for_long_is_told_once_until_it_starts_over() {
        let mut wal = of(599);
        assert_eq!(wal.held(), Held::Shortly);
        wal.committed(600);
        assert_eq!([wal.held(), wal.held()], [Held::Long, Held::Shortly]);
        wal.committed(999);
        assert_eq!(wal.held(), Held::Shortly);
        wal.committed(10);
        wal.committed(700);
        assert_eq!(wal.held(), Held::Long, "that is another one");
    }

    #[test]
    fn an_answer_about_a_log_that_has_started_over_does_not_count() {
        let mut wal = of(100);
        wal.asked();
        wal.committed(30);
        wal.committed(100);
        wal.answered(Some(100));
        assert_eq!(wal.next(), Next::Bring);
    }
}
