//! The two files: what is in them, whether they have changed, and what is wrong with them.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustls::{
    Error,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use thiserror::Error;

use crate::settings;

/// Why certificate and key cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{setting}: {path} cannot be read: {error}{}", way_out(.error))]
    Unreadable {
        /// Which of the two settings names it.
        setting: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is no certificate in its file.
    #[error(
        "tls.cert: {0} holds no certificate in PEM (-----BEGIN CERTIFICATE-----): name the file \
         with the whole chain, such as certbot's fullchain.pem"
    )]
    NoCertificate(PathBuf),
    /// There is no key in its file.
    #[error(
        "tls.key: {0} holds no private key in PEM (-----BEGIN PRIVATE KEY-----): name the key's \
         file, such as certbot's privkey.pem; one with a passphrase must be decrypted first \
         (`openssl pkey -in FILE`)"
    )]
    NoKey(PathBuf),
    /// They were not made together.
    #[error(
        "tls.key: the key in {key} does not belong to the first certificate in {cert}: name two \
         files that were made together, the server's own certificate first in its file"
    )]
    Mismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// rustls does not take them.
    #[error(
        "tls.cert and tls.key cannot be used: {0}; ECDSA, Ed25519 and RSA of 2048 bits or more can"
    )]
    Unfit(Error),
}

fn way_out(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "; name a file that is there",
        io::ErrorKind::PermissionDenied => {
            "; let the account that runs this server read it, and nobody else"
        }
        _ => "",
    }
}

impl TlsError {
    pub(super) fn of_pair(error: Error, settings: &settings::Tls) -> Self {
        match error {
            Error::InconsistentKeys(_) => {
                Self::Mismatch { cert: settings.cert.clone(), key: settings.key.clone() }
            }
            error => Self::Unfit(error),
        }
    }
}

/// A certificate with those that vouch for it, and its key.
pub(super) struct Pair {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl Pair {
    pub(super) fn read(settings: &settings::Tls) -> Result<Self, TlsError> {
        let text = read("tls.cert", &settings.cert)?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<_, _>>()
            .map_err(|_| TlsError::NoCertificate(settings.cert.clone()))?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate(settings.cert.clone()));
        }
        let text = read("tls.key", &settings.key)?;
        let key = PrivateKeyDer::from_pem_slice(&text)
            .map_err(|_| TlsError::NoKey(settings.key.clone()))?;
        Ok(Self { chain, key })
    }
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::Unreadable { setting, path: path.into(), error })
}

/// Which files they are, and as of when: changes whenever one is written or replaced, also where
/// only a link to it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp([Option<FileStamp>; 2]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileStamp {
    device: u64,
    inode: u64,
    changed: (i64, i64),
    bytes: u64,
}

impl Stamp {
    pub(super) fn of(settings: &settings::Tls) -> Self {
        Self([&settings.cert, &settings.key].map(|path| {
            let file = fs::metadata(path).ok()?;
            Some(FileStamp {
                device: file.dev(),
                inode: file.ino(),
                changed: (file.ctime(), file.ctime_nsec()),
                bytes: file.len(),
            })
        }))
    }
}
