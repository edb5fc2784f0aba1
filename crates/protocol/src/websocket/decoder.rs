//! Reading frames, from pieces of any size.

use super::mask;

/// Which end this decoder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Reads masked frames.
    Server,
    /// Reads frames that are not masked.
    Client,
}

/// The longest message, in bytes of its payload; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub usize);

/// Something whole that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A part of a message, whose whole comes later; told so that it can be counted.
    Fragment,
    /// To be answered by a Pong with the same payload.
    Ping(&'a [u8]),
    /// The answer to a Ping, or a sign of life.
    Pong(&'a [u8]),
    /// The other end closes, with this code if any; nothing after it is read.
    Close(Option<u16>),
}

/// Why the connection must be closed, and with which code (RFC 6455, section 7.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// 1002.
    Protocol,
    /// 1007.
    InvalidUtf8,
    /// 1009.
    TooLong,
}

/// Reads frames of one connection. 8 bytes, and nothing on the heap between messages.
#[derive(Debug, Default)]
pub struct Decoder {
    assembly: Option<Box<Assembly>>,
}

/// What has come of something that is not whole yet.
#[derive(Debug, Default)]
struct Assembly {
    /// The bytes of a frame that is not whole.
    frame: Vec<u8>,
    /// How much of its payload is known to be valid UTF-8.
    frame_valid_up_to: usize,
    /// The payload of a fragmented message so far.
    message: Vec<u8>,
    /// How much of it is known to be valid UTF-8.
    valid_up_to: usize,
    /// What the fragmented message is, if one is under way.
    kind: Option<Kind>,
    is_closed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

#[derive(Clone, Copy, Debug)]
struct Header {
    is_final: bool,
    opcode: u8,
    key: Option<[u8; 4]>,
    header_len: usize,
    payload_len: usize,
}

impl Decoder {
    /// Takes what has come from the socket, and hands out whatever is whole by it, in order. The
    /// bytes are used as scratch memory.
    ///
    /// # Errors
    /// A [`Violation`]; what was whole before it has been handed out, and nothing may follow.
    pub fn feed(
        &mut self,
        mut bytes: &mut [u8],
        (role, limit): (Role, Limit),
        mut take: impl FnMut(Incoming<'_>),
    ) -> Result<(), Violation> {
        while let Some(mut frame) = self.take_partial() {
            let missing = wanted(&frame, role, limit)? - frame.len();
            let (now, rest) = bytes.split_at_mut(missing.min(bytes.len()));
            frame.extend_from_slice(now);
            bytes = rest;
            let is_cut_short = now.len() < missing;
            if !is_cut_short && self.take_frames(&mut frame, (role, limit), &mut take)? > 0 {
                if let Some(held) = &mut self.assembly {
                    held.frame_valid_up_to = 0;
                }
                continue;
            }
            // Where only its header was whole, that tells now how much is missing.
            self.hold(frame, (role, limit))?;
            if is_cut_short {
                return Ok(());
            }
        }
        let used = self.take_frames(bytes, (role, limit), &mut take)?;
        if self.is_closed() {
            return Ok(());
        }
        if used < bytes.len() {
            self.hold(bytes[used..].to_vec(), (role, limit))?;
        } else if self.assembly.as_ref().is_some_and(|held| held.kind.is_none()) {
            self.assembly = None;
        }
        Ok(())
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.assembly.as_ref().map_or(0, |held| {
            size_of::<Assembly>() + held.frame.capacity() + held.message.capacity()
        })
    }

    /// Keeps the beginning of a frame, unless it tells already that it can become none.
    fn hold(&mut self, frame: Vec<u8>, (role, limit): (Role, Limit)) -> Result<(), Violation> {
        let header = Header::read(&frame, role, limit)?;
        let held = self.assembly.get_or_insert_default();
        held.frame = frame;
        header.map_or(Ok(()), |header| held.check_partial_text(header))
    }

    /// The beginning of a frame that was not whole, where more of it may come.
    fn take_partial(&mut self) -> Option<Vec<u8>> {
        let held = self.assembly.as_mut().filter(|held| !held.is_closed)?;
        Some(std::mem::take(&mut held.frame)).filter(|frame| !frame.is_empty())
    }

    fn is_closed(&self) -> bool {
        self.assembly.as_ref().is_some_and(|held| held.is_closed)
    }

    /// Hands out the whole frames at the beginning of `bytes`, and tells how many bytes they took.
    fn take_frames(
        &mut self,
        bytes: &mut [u8],
        (role, limit): (Role, Limit),
        take: &mut impl FnMut(Incoming<'_>),
    ) -> Result<usize, Violation> {
        let mut used = 0;
        while !self.is_closed() {
            let Some(header) = Header::read(&bytes[used..], role, limit)? else { break };
            self.check_order(header, limit)?;
            let start = used + header.header_len;
            let end = start + header.payload_len;
            let Some(payload) = bytes.get_mut(start..end) else { break };
            if let Some(key) = header.key {
                mask::apply(payload, key);
            }
            self.take_frame(header, payload, take)?;
            used = end;
        }
        Ok(used)
    }

    /// Refuses a frame that may not come now, or that would make its message too long.
    fn check_order(&self, header: Header, limit: Limit) -> Result<(), Violation> {
        let under_way = self.assembly.as_ref().filter(|held| held.kind.is_some());
        match (header.opcode, under_way) {
            (0x0, None) | (0x1 | 0x2, Some(_)) => Err(Violation::Protocol),
            (0x0, Some(held))
                if limit.0 > 0 && held.message.len() + header.payload_len > limit.0 =>
            {
                Err(Violation::TooLong)
            }
            _ => Ok(()),
        }
    }

    fn take_frame(
        &mut self,
        header: Header,
        payload: &[u8],
        take: &mut impl FnMut(Incoming<'_>),
    ) -> Result<(), Violation> {
        match header.opcode {
            0x0 => return self.continue_message(header, payload, take),
            0x1 if header.is_final => take(Incoming::Text(utf8(payload)?)),
            0x2 if header.is_final => take(Incoming::Binary(payload)),
            0x1 | 0x2 => {
                let held = self.assembly.get_or_insert_default();
                held.kind = Some(if header.opcode == 0x1 { Kind::Text } else { Kind::Binary });
                held.append(payload, false)?;
                take(Incoming::Fragment);
            }
            0x8 => {
                take(Incoming::Close(close_code(payload)?));
                self.assembly.get_or_insert_default().is_closed = true;
            }
            0x9 => take(Incoming::Ping(payload)),
            _ => take(Incoming::Pong(payload)),
        }
        Ok(())
    }

    fn continue_message(
        &mut self,
        header: Header,
        payload: &[u8],
        take: &mut impl FnMut(Incoming<'_>),
    ) -> Result<(), Violation> {
        let held = self.assembly.as_mut().ok_or(Violation::Protocol)?;
        held.append(payload, header.is_final)?;
        if !header.is_final {
            take(Incoming::Fragment);
            return Ok(());
        }
        let message = std::mem::take(&mut held.message);
        held.valid_up_to = 0;
        match held.kind.take() {
            Some(Kind::Text) => take(Incoming::Text(utf8(&message)?)),
            _ => take(Incoming::Binary(&message)),
        }
        Ok(())
    }
}

impl Assembly {
    /// Adds to the message; text that can no longer become valid is refused at once.
    fn append(&mut self, payload: &[u8], is_final: bool) -> Result<(), Violation> {
        self.message.extend_from_slice(payload);
        if self.kind != Some(Kind::Text) || is_final {
            return Ok(());
        }
        self.valid_up_to += valid_so_far(&self.message[self.valid_up_to..])?;
        Ok(())
    }

    /// Refuses text that can no longer become valid while its frame is still coming. Each byte is
    /// looked at once, however small the pieces are.
    fn check_partial_text(&mut self, header: Header) -> Result<(), Violation> {
        let before = match (header.opcode, self.kind) {
            (0x1, _) => &[],
            // A character may have begun in the frame before.
            (0x0, Some(Kind::Text)) if self.frame_valid_up_to == 0 => {
                &self.message[self.valid_up_to..]
            }
            (0x0, Some(Kind::Text)) => &[],
            _ => return Ok(()),
        };
        let Some(payload) = self.frame.get(header.header_len + self.frame_valid_up_to..) else {
            return Ok(());
        };
        let mut text = [before, payload].concat();
        if let Some(mut key) = header.key {
            key.rotate_left(self.frame_valid_up_to % 4);
            mask::apply(&mut text[before.len()..], key);
        }
        self.frame_valid_up_to += valid_so_far(&text)?.saturating_sub(before.len());
        Ok(())
    }
}

/// How much of `text` is whole characters, where the rest may still become one.
fn valid_so_far(text: &[u8]) -> Result<usize, Violation> {
    match std::str::from_utf8(text) {
        Ok(_) => Ok(text.len()),
        Err(error) if error.error_len().is_some() => Err(Violation::InvalidUtf8),
        Err(error) => Ok(error.valid_up_to()),
    }
}

/// How many bytes the frame that begins with `bytes` has, as far as they tell.
fn wanted(bytes: &[u8], role: Role, limit: Limit) -> Result<usize, Violation> {
    Ok(match Header::read(bytes, role, limit)? {
        Some(header) => header.header_len + header.payload_len,
        None => header_len(bytes).max(bytes.len() + 1),
    })
}

/// The length of the header that begins with `bytes`, or of the part of it that tells more.
fn header_len(bytes: &[u8]) -> usize {
    let Some(second) = bytes.get(1) else { return 2 };
    let len = match second & 0x7f {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    len + if second & 0x80 == 0 { 0 } else { 4 }
}

impl Header {
    /// Reads the header at the beginning of `bytes`; `None` where it is not whole yet. What can be
    /// known to be wrong is refused before it is.
    fn read(bytes: &[u8], role: Role, limit: Limit) -> Result<Option<Self>, Violation> {
        let [first, rest @ ..] = bytes else { return Ok(None) };
        let (is_final, reserved, opcode) = (first & 0x80 != 0, first & 0x70, first & 0x0f);
        let is_control = opcode & 0x8 != 0;
        let is_known = matches!(opcode, 0x0..=0x2 | 0x8..=0xa);
        if reserved != 0 || !is_known || (is_control && !is_final) {
            return Err(Violation::Protocol);
        }
        let [second, ..] = rest else { return Ok(None) };
        let (is_masked, short) = (second & 0x80 != 0, second & 0x7f);
        if is_masked != (role == Role::Server) || (is_control && short > 125) {
            return Err(Violation::Protocol);
        }
        let len = match (short, bytes) {
            (126, [_, _, a, b, ..]) => u64::from(u16::from_be_bytes([*a, *b])),
            (127, [_, _, long @ ..]) => match long.first_chunk() {
                Some(long) => u64::from_be_bytes(*long),
                None => return Ok(None),
            },
            (126, _) => return Ok(None),
            _ => u64::from(short),
        };
        let is_minimal = match short {
            126 => len > 125,
            127 => len > u64::from(u16::MAX),
            _ => true,
        };
        if !is_minimal || len > i64::MAX as u64 {
            return Err(Violation::Protocol);
        }
        let payload_len = usize::try_from(len).map_err(|_| Violation::TooLong)?;
        if limit.0 > 0 && payload_len > limit.0 {
            return Err(Violation::TooLong);
        }
        let header_len = header_len(bytes);
        let Some(header) = bytes.get(..header_len) else { return Ok(None) };
        let key = is_masked.then(|| *header.last_chunk().expect("a masked header ends with a key"));
        Ok(Some(Self { is_final, opcode, key, header_len, payload_len }))
    }
}

fn utf8(payload: &[u8]) -> Result<&str, Violation> {
    std::str::from_utf8(payload).map_err(|_| Violation::InvalidUtf8)
}

/// The code of a Close (RFC 6455, section 7.4), where it has one.
fn close_code(payload: &[u8]) -> Result<Option<u16>, Violation> {
    let [high, low, reason @ ..] = payload else {
        return if payload.is_empty() { Ok(None) } else { Err(Violation::Protocol) };
    };
    let code = u16::from_be_bytes([*high, *low]);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Violation::Protocol);
    }
    utf8(reason)?;
    Ok(Some(code))
}
