//! The data folder: what must outlive a restart: the node's name, the secret, and what a node that
//! stops leaves to the next.
//!
//! Each file appears whole or not at all, also when two servers start on one folder at once: then
//! both end up with the same name and secret, and one of them with what was left.

mod estate;

#[cfg(test)]
mod tests;

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use directories::ProjectDirs;

use crate::secret::SecretText;

const NODE: &str = "node";
const SECRET: &str = "secret";
const PRIVATE_FOLDER: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;

/// A folder in which files can be made.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
}

/// Where data lives when no setting says otherwise; `None` for an account without a home.
pub(crate) fn default_folder() -> Option<PathBuf> {
    ProjectDirs::from("", "", "liveloop").map(|folders| folders.data_dir().to_owned())
}

impl DataFolder {
    /// Opens the folder, making it (mode 0700) where it is missing, and makes sure that files can be
    /// written there.
    pub(crate) fn open(chosen: Option<&Path>) -> anyhow::Result<Self> {
        let path = match chosen {
            Some(path) => path.to_owned(),
            None => default_folder().context(
                "this account has no home folder to keep data in: choose one with --data",
            )?,
        };
        let folder = Self { path };
        DirBuilder::new()
            .recursive(true)
            .mode(PRIVATE_FOLDER)
            .create(&folder.path)
            .map_err(|error| folder.explain("the data folder cannot be made", &error))?;
        let probe = folder.path.join(format!(".probe-{}", random_text::<6>()?));
        let is_written = write_new(&probe, b"liveloop");
        let _ = fs::remove_file(&probe);
        is_written
            .map_err(|error| folder.explain("the data folder cannot be written to", &error))?;
        Ok(folder)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The name that this folder's node was given at its first start.
    pub(crate) fn node_name(&self) -> anyhow::Result<String> {
        let name = self.keep(NODE, || Ok(format!("node-{}", random_name()?)))?;
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        {
            let file = self.path.join(NODE);
            bail!("{} holds no usable name: remove it, and a new one is made", file.display());
        }
        Ok(name.to_owned())
    }

    /// The secret that was made here at the first start.
    pub(crate) fn secret(&self) -> anyhow::Result<SecretText> {
        let text = self.keep(SECRET, random_text::<32>)?;
        let file = self.path.join(SECRET);
        let mode = fs::metadata(&file)
            .map_err(|error| self.explain("the secret cannot be read", &error))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            fs::set_permissions(&file, Permissions::from_mode(PRIVATE_FILE))
                .map_err(|error| self.explain("the secret cannot be made private", &error))?;
            tracing::warn!(
                file = %file.display(),
                "others on this machine could read the secret; its mode is 0600 now. If somebody \
                 may have read it, remove it and start again: visitors then get new identities"
            );
        }
        SecretText::new(&text).map_err(|_| {
            anyhow!(
                "{} is damaged: put it back from a backup, or remove it (a new one is made, and \
                 visitors get new identities)",
                file.display()
            )
        })
    }

    /// What the file holds; where there is none it is made first.
    fn keep(
        &self,
        name: &str,
        make: impl Fn() -> anyhow::Result<String>,
    ) -> anyhow::Result<String> {
        let file = self.path.join(name);
        match fs::read_to_string(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(self.explain(&format!("{name} cannot be read"), &error)),
            Ok(text) => return Ok(text),
        }
        let draft = self.path.join(format!(".{name}-{}", random_text::<6>()?));
        let made = write_new(&draft, format!("{}\n", make()?).as_bytes())
            // A link is refused where the file exists by now, so that a racing start keeps its own.
            .and_then(|()| match fs::hard_link(&draft, &file) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
                linked => linked,
            })
            .and_then(|()| File::open(&self.path)?.sync_all());
        let _ = fs::remove_file(&draft);
        made.map_err(|error| self.explain(&format!("{name} cannot be written"), &error))?;
        fs::read_to_string(&file)
            .map_err(|error| self.explain(&format!("{name} cannot be read"), &error))
    }

    fn explain(&self, what: &str, error: &io::Error) -> anyhow::Error {
        anyhow!("{what} ({}): {}", self.path.display(), advice(error))
    }
}

/// Reads the secret of `secret_file`, which the operator keeps.
pub(crate) fn secret_of_file(file: &Path) -> anyhow::Result<SecretText> {
    let text = fs::read_to_string(file)
        .map_err(|error| anyhow!("secret_file {}: {}", file.display(), advice(&error)))?;
    SecretText::new(&text).map_err(|_| {
        anyhow!("secret_file {}: it is too short; {}", file.display(), crate::secret::ADVICE)
    })
}

/// What an error of the file system means to an operator.
pub(crate) fn advice(error: &io::Error) -> String {
    let way_out = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space on its disk",
        ErrorKind::PermissionDenied => "give this account the right to it, or choose another place",
        ErrorKind::ReadOnlyFilesystem => "its file system is mounted read-only; choose another",
        ErrorKind::NotADirectory => "a part of its path is a file; choose another path",
        ErrorKind::NotFound => "it is not there; check the path",
        _ => return error.to_string(),
    };
    format!("{} ({way_out})", error.kind())
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn random_text<const BYTES: usize>() -> anyhow::Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow!("no randomness from the system: {error}"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Six letters and digits that are not mistaken for each other.
fn random_name() -> anyhow::Result<String> {
    const SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow!("no randomness from the system: {error}"))?;
    Ok(bytes.iter().map(|byte| char::from(SIGNS[usize::from(byte % 32)])).collect())
}
