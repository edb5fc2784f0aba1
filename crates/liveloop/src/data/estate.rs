//! What a node that stops leaves in the data folder, and the next one takes, once.
//!
//! Nothing here stops a start or an end: what cannot be kept or taken is lost, and said in one line.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::Path,
};

use liveloop_gateway::Estate;

use super::{DataFolder, advice, random_text, write_new};

/// The file. It holds what visitors said last and how they are shown: for this account alone, and
/// gone at the next start.
const SESSIONS: &str = "sessions";

impl DataFolder {
    /// Takes what the last run has left, where it has left anything. Afterwards nobody can take it
    /// again, also where it turns out to be of no use.
    pub(crate) fn take_estate(&self) -> Option<Estate> {
        match self.take_file() {
            Ok(bytes) => Some(Estate::from_bytes(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                let (file, reason) = (self.path.join(SESSIONS), advice(&error));
                tracing::warn!(
                    file = %file.display(),
                    reason,
                    "what the last run has left cannot be taken; sessions begin afresh"
                );
                None
            }
        }
    }

    /// Removes what processes that died at it have left under names of their own: nobody looks for that,
    /// and it holds what visitors said. Only for whoever holds the lock on the folder, or it may take it
    /// from one that is at it.
    pub(crate) fn sweep_estates(&self) {
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        let own = format!(".{SESSIONS}-");
        let is_left = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&own);
        for entry in entries.filter_map(Result::ok).filter(is_left) {
            if let Err(error) = fs::remove_file(entry.path()) {
                let (file, reason) = (entry.path(), advice(&error));
                tracing::warn!(file = %file.display(), reason, "what a former run has left stays");
            }
        }
    }

    fn take_file(&self) -> io::Result<Vec<u8>> {
        // Under a name that is this process's own, so that of two starts one alone has it. Should this
        // process die before it has removed it, the next start does.
        let own = self.path.join(format!(".{SESSIONS}-{}", random_name()?));
        fs::rename(self.path.join(SESSIONS), &own)?;
        File::open(&self.path)?.sync_all()?;
        let bytes = read_bounded(&own);
        let removed = fs::remove_file(&own);
        let bytes = bytes?;
        removed?;
        Ok(bytes)
    }

    /// Keeps what this run leaves, in the place of what is there.
    pub(crate) fn keep_estate(&self, estate: &Estate) {
        if let Err(error) = self.replace_file(estate.as_bytes()) {
            let (file, reason) = (self.path.join(SESSIONS), advice(&error));
            tracing::warn!(
                file = %file.display(),
                reason,
                "what this run leaves cannot be kept; sessions begin afresh at the next start"
            );
        }
    }

    fn replace_file(&self, bytes: &[u8]) -> io::Result<()> {
        let draft = self.path.join(format!(".{SESSIONS}-{}", random_name()?));
        let replaced = write_new(&draft, bytes)
            .and_then(|()| fs::rename(&draft, self.path.join(SESSIONS)))
            .and_then(|()| File::open(&self.path)?.sync_all());
        if replaced.is_err() {
            let _ = fs::remove_file(&draft);
        }
        replaced
    }
}

fn random_name() -> io::Result<String> {
    random_text::<6>().map_err(io::Error::other)
}

/// Nothing but a file, and none that is longer than what a node leaves.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = Estate::BYTES_MAX as u64 + 1;
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder(path: &Path) -> DataFolder {
        DataFolder::open(Some(path)).unwrap()
    }

    fn names(path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn what_is_left_is_private_and_taken_once() {
        let place = tempfile::tempdir().unwrap();
        let data = folder(place.path());
        assert_eq!(data.take_estate(), None);
        for bytes in [&b"first"[..], b"second"] {
            data.keep_estate(&Estate::from_bytes(bytes.to_vec()));
        }
        let mode = fs::metadata(place.path().join(SESSIONS)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let taken = data.take_estate().unwrap();
        assert_eq!(taken.as_bytes(), b"second");
        assert_eq!((data.take_estate(), names(place.path())), (None, vec![]));
    }

    #[test]
    fn what_a_dead_process_was_at_is_swept_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let data = folder(place.path());
        data.keep_estate(&Estate::from_bytes(b"kept".to_vec()));
        for name in [".sessions-AAAAAAAA", ".sessions-x", ".other", "store.db"] {
            fs::write(place.path().join(name), b"x").unwrap();
        }
        data.sweep_estates();
        let mut left = names(place.path());
        left.sort();
        assert_eq!(left, [".other", SESSIONS, "store.db"]);
    }

    #[test]
    fn of_many_starts_at_once_one_alone_takes_it() {
        let place = tempfile::tempdir().unwrap();
        folder(place.path()).keep_estate(&Estate::from_bytes(b"once".to_vec()));
        let taken = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| folder(place.path()).take_estate().is_some()))
                .collect();
            starts.into_iter().map(|start| start.join().unwrap()).filter(|took| *took).count()
        });
        assert_eq!(taken, 1);
    }

    #[test]
    fn what_cannot_be_kept_or_taken_is_lost_without_a_trace() {
        let place = tempfile::tempdir().unwrap();
        let data = folder(place.path());
        // A folder of that name can be neither replaced by a file nor read as one.
        fs::create_dir(place.path().join(SESSIONS)).unwrap();
        fs::write(place.path().join(SESSIONS).join("it is not empty"), b"").unwrap();
        data.keep_estate(&Estate::from_bytes(b"lost".to_vec()));
        assert_eq!(names(place.path()), [SESSIONS]);
        assert_eq!(data.take_estate(), None);
    }
}
