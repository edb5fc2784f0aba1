//! The lock on the data directory, which also remembers whether the last stop was a clean one.
//!
//! The kernel holds it as long as the file is open, so it ends with the process, however that ends.
//! The file names the process while one works here, and is empty after a clean stop.

use std::{
    fs::{DirBuilder, File, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
};

use crate::OpenError;

const NAME: &str = "store.lock";

pub(crate) struct DirectoryLock {
    file: File,
    was_clean: bool,
}

impl DirectoryLock {
    /// Makes the directory where it is not there (readable for its owner alone), and locks it.
    pub(crate) fn take(directory: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Directory { directory: directory.to_owned(), source };
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(directory).map_err(failed)?;
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(directory.join(NAME))
            .map_err(failed)?;
        let holder = |file: &mut File| {
            let mut holder = String::new();
            file.read_to_string(&mut holder).map(|_| holder.trim().to_owned())
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let process = holder(&mut file).unwrap_or_default();
                let process = if process.is_empty() { "(unknown)".to_owned() } else { process };
                return Err(OpenError::InUse { directory: directory.to_owned(), process });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let was_clean = holder(&mut file).map_err(failed)?.is_empty();
        let mut lock = Self { file, was_clean };
        lock.write(&std::process::id().to_string()).map_err(failed)?;
        Ok(lock)
    }

    /// Whether whoever was here last has stopped in order.
    pub(crate) fn was_clean(&self) -> bool {
        self.was_clean
    }

    /// The stop is a clean one. Where that cannot be written, the next start checks the file.
    pub(crate) fn mark_clean(mut self) {
        let _ = self.write("");
    }

    fn write(&mut self, holder: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(holder.as_bytes())?;
        self.file.sync_all()
    }
}
