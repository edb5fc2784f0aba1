//! What has happened, line by line where somebody wants to read it, and as a digest always: two runs of
//! one seed have the same.

use crate::model::{DIGEST, digest};

/// The course of one run.
#[derive(Debug)]
pub(crate) struct Transcript {
    lines: Option<Vec<String>>,
    digest: u64,
}

impl Transcript {
    pub(crate) fn new(is_kept: bool) -> Self {
        Self { lines: is_kept.then(Vec::new), digest: DIGEST }
    }

    /// Adds a line, which is made only where it is kept.
    pub(crate) fn note(&mut self, now: u64, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{now:>9} ms  {}", line()));
        }
    }

    /// Adds to the digest.
    pub(crate) fn digest(&mut self, bytes: &[u8]) {
        self.digest = digest(bytes, self.digest);
    }

    pub(crate) fn finish(self) -> (Vec<String>, u64) {
        (self.lines.unwrap_or_default(), self.digest)
    }
}
