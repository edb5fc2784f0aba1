//! One TLS connection of the server, without its socket, on rustls's unbuffered interface: between
//! two calls it owns nothing but its keys and, where a record has not come whole, its beginning.

use std::{fmt, sync::Arc};

use rustls::{
    Error, InvalidMessage, ServerConfig,
    server::{ServerConnectionData, UnbufferedServerConnection},
    unbuffered::{
        ConnectionState, EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError,
        UnbufferedStatus, WriteTraffic,
    },
};

/// The longest beginning that is kept: a record has 18 kB at most (RFC 8446, section 5.2), and no
/// honest handshake message is much longer.
const PARTIAL_BYTES_MAX: usize = 32 << 10;
/// What sealing adds to each record at most, with room to spare, and how much a record carries.
const RECORD_OVERHEAD: usize = 64;
const RECORD_BYTES: usize = 16 << 10;

/// A TLS connection: what is sealed goes in, what is open comes out, and the other way round.
pub(crate) struct Channel {
    connection: UnbufferedServerConnection,
    /// What has come of a record whose rest is yet to come.
    partial: Vec<u8>,
    /// The client has said that it sends no more.
    has_ended: bool,
    has_said_goodbye: bool,
    /// It has failed: rustls must not be asked again.
    is_broken: bool,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("has_ended", &self.has_ended).finish_non_exhaustive()
    }
}

impl Channel {
    pub(crate) fn new(config: Arc<ServerConfig>) -> Result<Self, Error> {
        let connection = UnbufferedServerConnection::new(config)?;
        let (has_ended, has_said_goodbye, is_broken) = (false, false, false);
        Ok(Self { connection, partial: Vec::new(), has_ended, has_said_goodbye, is_broken })
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// How much is there of a record that has not come whole, in bytes.
    pub(crate) fn partial_len(&self) -> usize {
        self.partial.len()
    }

    /// Copies to the front of `buffer` what must stand before the bytes that come next, and tells
    /// how long it is.
    pub(crate) fn recall(&self, buffer: &mut [u8]) -> usize {
        buffer[..self.partial.len()].copy_from_slice(&self.partial);
        self.partial.len()
    }

    /// Opens what has come, behind what [`Self::recall`] gave. What was said is appended to
    /// `plain`, what TLS itself has to answer to `reply`, also where it fails.
    ///
    /// # Errors
    /// Where the bytes are not TLS, or not this client's.
    pub(crate) fn open(
        &mut self,
        bytes: &mut [u8],
        plain: &mut Vec<u8>,
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if self.is_broken {
            return Err(Error::DecryptError);
        }
        let mut from = 0;
        let outcome = loop {
            let UnbufferedStatus { mut discard, state } =
                self.connection.process_tls_records(&mut bytes[from..]);
            let is_done = match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        plain.extend_from_slice(record.payload);
                        discard += record.discard;
                    }
                    None
                }
                Ok(ConnectionState::EncodeTlsData(data)) => encode(data, reply).err().map(Err),
                Ok(ConnectionState::TransmitTlsData(data)) => {
                    data.done();
                    None
                }
                Ok(ConnectionState::PeerClosed) => {
                    self.has_ended = true;
                    None
                }
                Ok(_) => Some(Ok(())),
                Err(error) => Some(Err(error)),
            };
            from += discard;
            if let Some(outcome) = is_done {
                break outcome;
            }
        };
        if outcome.is_err() {
            self.is_broken = true;
            self.encode_alert(&mut bytes[from..], reply);
            return outcome;
        }
        self.keep(&bytes[from..])
    }

    /// Seals `plain`, to be sent after all that was sealed before.
    ///
    /// # Errors
    /// Before the handshake is done, and where the keys are used up.
    pub(crate) fn seal(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let overhead = RECORD_OVERHEAD * (plain.len() / RECORD_BYTES + 1);
        self.write(out, plain.len() + overhead, |traffic, room| traffic.encrypt(plain, room))
    }

    /// Says that nothing more will be sent (RFC 8446, section 6.1); once is enough.
    ///
    /// # Errors
    /// As [`Self::seal`].
    #[expect(clippy::redundant_closure_for_method_calls, reason = "its lifetimes are too narrow")]
    pub(crate) fn say_goodbye(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        if std::mem::replace(&mut self.has_said_goodbye, true) {
            return Ok(());
        }
        self.write(out, RECORD_OVERHEAD, |traffic, room| traffic.queue_close_notify(room))
    }

    fn write(
        &mut self,
        out: &mut Vec<u8>,
        room: usize,
        mut write: impl FnMut(
            &mut WriteTraffic<'_, ServerConnectionData>,
            &mut [u8],
        ) -> Result<usize, EncryptError>,
    ) -> Result<(), Error> {
        while !self.is_broken {
            // With what is there of a record: rustls counts on finding it again.
            let status = self.connection.process_tls_records(&mut self.partial);
            let discard = status.discard;
            let outcome = match status.state {
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    Some(append(out, room, |room| write(&mut traffic, room)))
                }
                Ok(ConnectionState::EncodeTlsData(data)) => encode(data, out).err().map(Err),
                Ok(ConnectionState::TransmitTlsData(data)) => {
                    data.done();
                    None
                }
                Ok(ConnectionState::PeerClosed) => {
                    self.has_ended = true;
                    None
                }
                Ok(ConnectionState::Closed) => Some(Ok(())),
                Ok(_) => Some(Err(Error::HandshakeNotComplete)),
                Err(error) => Some(Err(error)),
            };
            self.partial.drain(..discard);
            if let Some(outcome) = outcome {
                self.is_broken = outcome.is_err();
                return outcome;
            }
        }
        Err(Error::EncryptError)
    }

    /// What a client is told that does not speak TLS as it should. Asked once: rustls would look at
    /// the rest again.
    fn encode_alert(&mut self, rest: &mut [u8], reply: &mut Vec<u8>) {
        let state = self.connection.process_tls_records(rest).state;
        if let Ok(ConnectionState::EncodeTlsData(data)) = state {
            // Who hears no alert sees the end all the same.
            let _ = encode(data, reply);
        }
    }

    fn keep(&mut self, rest: &[u8]) -> Result<(), Error> {
        // An empty list owns nothing, so that a silent connection does not either.
        self.partial = if self.has_ended { Vec::new() } else { rest.to_vec() };
        if self.partial.len() > PARTIAL_BYTES_MAX {
            return Err(InvalidMessage::MessageTooLarge.into());
        }
        Ok(())
    }
}

fn encode(
    mut data: EncodeTlsData<'_, ServerConnectionData>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    append(out, RECORD_BYTES, |room| {
        data.encode(room).map_err(|error| match error {
            EncodeError::InsufficientSize(size) => EncryptError::InsufficientSize(size),
            EncodeError::AlreadyEncoded => EncryptError::EncryptExhausted,
        })
    })
}

/// Appends what `write` writes into the room it is given, or into as much as it asks for.
fn append(
    out: &mut Vec<u8>,
    mut room: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, EncryptError>,
) -> Result<(), Error> {
    let end = out.len();
    loop {
        out.resize(end + room, 0);
        let written = write(&mut out[end..]);
        out.truncate(end + written.as_ref().map_or(0, |written| *written));
        match written {
            Ok(_) => return Ok(()),
            Err(EncryptError::InsufficientSize(InsufficientSizeError { required_size }))
                if required_size > room =>
            {
                room = required_size;
            }
            Err(_) => return Err(Error::EncryptError),
        }
    }
}

#[cfg(test)]
mod tests;
