//! Room: one message to a thousand listeners, four of them in flight; what one delivery costs.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use super::{Counted, Figures, Size, measure};
use crate::{
    load::{Load, Out, Scenario, field},
    server::Server,
};

/// Messages on their way at any time.
const IN_FLIGHT: usize = 4;

struct Chatting {
    room: String,
    joined: usize,
    delivered: u64,
    references: Vec<u64>,
    /// How many have heard the message of each speaker.
    heard: [usize; IN_FLIGHT],
}

impl Chatting {
    fn say(&mut self, out: &mut Out, who: usize) {
        self.references[who] += 1;
        let (room, reference) = (&self.room, self.references[who]);
        let data = format!(
            "{{\"message\":\"Good morning, everybody. Number {who}\",\"roomId\":\"{room}\"}}"
        );
        out.ask(who, reference, "newMessage", &data);
    }
}

impl Scenario for Chatting {
    fn on_event(&mut self, out: &mut Out, who: usize, name: &str, data: &str) {
        if name != "newMessage" {
            return;
        }
        self.delivered += 1;
        let text = field(data, "message").unwrap_or_default();
        let number = text.rsplit(' ').next().and_then(|number| number.parse().ok());
        let Some(heard) = number.and_then(|speaker: usize| self.heard.get_mut(speaker)) else {
            return;
        };
        *heard += 1;
        // On its way until the last of them has heard it.
        if *heard == self.references.len() - 1 {
            *heard = 0;
            self.say(out, number.unwrap_or(who));
        }
    }

    fn on_ack(&mut self, _out: &mut Out, _who: usize, answer: &str) {
        if answer.contains("\"lastSeq\"") || answer.contains("\"count\":1}") {
            self.joined += 1;
        }
    }
}

impl Counted for Chatting {
    fn operations(&self) -> u64 {
        self.delivered
    }
}

/// CPU per delivery to one listener.
///
/// # Errors
/// Where the server does not do its work.
pub(crate) fn room(server: &Server, size: Size) -> Result<Figures> {
    let room = make_group(server.target.address)?;
    let mut load = Load::connect(&server.target, size.clients)?;
    let references = vec![1; load.len()];
    let mut chatting =
        Chatting { room, joined: 0, delivered: 0, references, heard: [0; IN_FLIGHT] };
    for who in 0..load.len() {
        load.out.ask(who, 1, "join-room", &format!("{{\"roomId\":\"{}\"}}", chatting.room));
    }
    let all = load.len();
    if !load.run(&mut chatting, Duration::from_secs(30), |chatting| chatting.joined == all)? {
        bail!("{} of {all} have joined", chatting.joined);
    }
    for who in 0..IN_FLIGHT.min(all) {
        chatting.say(&mut load.out, who);
    }
    measure(server, &mut load, &mut chatting, size)
}

/// The id of a new group that anybody may join.
///
/// # Errors
/// Where the server makes none.
pub(crate) fn make_group(address: SocketAddr) -> Result<String> {
    let user = post(address, "/api/users", "", "{}")?;
    let token = field(&user, "token").context("a visitor has a token")?;
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let group = post(address, "/api/rooms", &bearer, "{\"kind\":\"group\",\"public\":true}")?;
    Ok(field(&group, "roomId").context("a group has an id")?.to_owned())
}

/// The response to a `POST` of JSON.
fn post(address: SocketAddr, path: &str, headers: &str, body: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let length = body.len();
    // In one write, for the bare loop reads no more than the first.
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes())?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    if !response.starts_with("HTTP/1.1 201") {
        bail!("POST {path} was answered with {response}");
    }
    Ok(response)
}
