//! TLS of strangers: who trusts whom, and reading and writing through it. The connections lie apart
//! from the clients, so that one without TLS pays nothing.

use std::{
    io::{self, ErrorKind, Read, Write},
    sync::Arc,
};

use anyhow::Result;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};

/// The name that servers of the bench have in their certificates.
pub(crate) const NAME: &str = "localhost";

/// How strangers speak TLS who trust this certificate.
///
/// # Errors
/// Where it is none.
pub(crate) fn trusting(certificate: CertificateDer<'static>) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Shakes hands, blocking.
pub(super) fn connect(
    config: &Arc<ClientConfig>,
    stream: &mut (impl Read + Write),
) -> Result<ClientConnection> {
    let mut tls = ClientConnection::new(Arc::clone(config), ServerName::try_from(NAME)?)?;
    while tls.is_handshaking() {
        tls.complete_io(stream)?;
    }
    Ok(tls)
}

/// Reads what was said; 0 at the end.
pub(super) fn read(
    tls: &mut ClientConnection,
    stream: &mut impl Read,
    buffer: &mut [u8],
) -> io::Result<usize> {
    loop {
        match tls.reader().read(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            outcome => return outcome,
        }
        if tls.read_tls(stream)? == 0 {
            return Ok(0);
        }
        tls.process_new_packets().map_err(io::Error::other)?;
    }
}

/// Takes what there is room for, and writes what the socket takes; a part of it may stay, see
/// `wants_write` of the connection.
pub(super) fn write(
    tls: &mut ClientConnection,
    stream: &mut impl Write,
    bytes: &[u8],
) -> io::Result<usize> {
    let written = tls.writer().write(bytes)?;
    while tls.wants_write() {
        match tls.write_tls(stream) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            outcome => outcome?,
        };
    }
    if written == 0 && !bytes.is_empty() {
        return Err(ErrorKind::WouldBlock.into());
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use rcgen::generate_simple_self_signed;
    use rustls::{
        ServerConfig, ServerConnection, pki_types::PrivateKeyDer, pki_types::pem::PemObject,
    };

    use super::*;

    /// The other end of a line that takes a few bytes at a time.
    struct Narrow {
        server: ServerConnection,
        room: usize,
    }

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let len = bytes.len().min(self.room);
            if len == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.room -= len;
            self.server.read_tls(&mut &bytes[..len])?;
            self.server.process_new_packets().map_err(io::Error::other)?;
            Ok(len)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Read for Narrow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.server.write_tls(&mut &mut *buffer)
        }
    }

    #[test]
    fn what_the_socket_does_not_take_is_written_later() -> Result<()> {
        let made = generate_simple_self_signed([NAME.to_owned()])?;
        let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes())?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)?;
        let server = ServerConnection::new(Arc::new(config))?;
        let mut line = Narrow { server, room: usize::MAX };
        let mut tls = connect(&trusting(made.cert.der().clone())?, &mut line)?;
        line.room = 100;
        assert_eq!(write(&mut tls, &mut line, &[b'x'; 3_000])?, 3_000);
        assert!(tls.wants_write());
        line.room = usize::MAX;
        write(&mut tls, &mut line, b"")?;
        let mut heard = vec![0; 3_000];
        line.server.reader().read_exact(&mut heard)?;
        assert!(!tls.wants_write() && heard.iter().all(|byte| *byte == b'x'));
        line.server.writer().write_all(b"an answer")?;
        assert_eq!(read(&mut tls, &mut line, &mut heard)?, 9);
        Ok(())
    }
}
