//! Reads everything again from a server that was started anew on what another has left: by `history`, in
//! both directions, and by REST. Every text that anybody was told of is there once, in its place, whoever
//! reads; and no place is empty.

use std::{fs::File, io::BufReader, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Deserialize;

use super::{
    book::{Book, Place},
    get,
};
use crate::{
    load::{Load, Out, Scenario},
    server::start_on,
};

/// The longest page that there is.
const PAGE: &str = "200";
/// All of a long history is read within that.
const PATIENCE: Duration = Duration::from_secs(600);

/// Reads again what clients of `durable` were told, from a server that is started on its data.
#[derive(Args)]
pub(crate) struct Recall {
    /// The server.
    #[arg(long, default_value = "target/release/liveloop")]
    server: PathBuf,
    /// Its data folder.
    #[arg(long)]
    data: PathBuf,
    /// The file with all that clients were told.
    #[arg(long)]
    book: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    messages: Vec<Message>,
    next_before: Option<u64>,
    next_after: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    seq: u64,
    message_id: String,
    client_id: Option<String>,
    message: String,
}

#[derive(Deserialize)]
struct Answer {
    data: Option<Page>,
    error: Option<serde_json::Value>,
}

/// How one reads, and how far they have come.
struct Reader {
    room: String,
    token: String,
    /// From the first text on; else from the last one back.
    is_forwards: bool,
    texts: usize,
    /// The place after, or before, which the next page begins.
    from: Option<u64>,
}

impl Recall {
    /// # Errors
    /// Where anything is missing, twice there, or another for another reader.
    pub(crate) fn run(&self) -> Result<()> {
        let mut book = Book::read(BufReader::new(File::open(&self.book)?))?;
        let server = start_on(&self.server, &self.data, None)?;
        let readers: Vec<Reader> = readers_of(&book).collect();
        ensure!(!readers.is_empty(), "nobody may read anything");
        let mut load = Load::connect(&server.target, readers.len())?;
        let mut recalling = Recalling { book: &mut book, readers, done: 0, failure: None };
        for (who, reader) in recalling.readers.iter().enumerate() {
            load.out.say(who, "hello", &format!("{{\"token\":\"{}\"}}", reader.token));
        }
        let all = recalling.readers.len();
        let is_over = |it: &Recalling<'_>| it.done == all || it.failure.is_some();
        let came_to_an_end = load.run(&mut recalling, PATIENCE, is_over)?;
        let Recalling { mut readers, failure, .. } = recalling;
        failure.map_or(Ok(()), Err)?;
        ensure!(came_to_an_end, "the history does not come to an end");
        // One of each room reads it by REST too.
        for reader in readers.iter_mut().filter(|reader| reader.is_forwards) {
            let (room, token) = (reader.room.clone(), reader.token.clone());
            let mut by_rest = Reader::new(&room, &token, true);
            while !by_rest.take(&mut book, page_by_rest(server.target.address, &by_rest)?)? {}
            ensure!(by_rest.texts == reader.texts, "REST has another history of {room}");
        }
        for reader in &readers {
            let (room, told) = (&reader.room, book.texts_of(&reader.room));
            ensure!(reader.texts == told, "{} of {told} texts are in {room}", reader.texts);
        }
        let texts: usize = book.readers().map(|(room, _)| book.texts_of(room)).sum();
        println!("{texts} messages are read again, by {all} readers and by REST: all the same");
        Ok(())
    }
}

fn readers_of(book: &Book) -> impl Iterator<Item = Reader> {
    book.readers().flat_map(|(room, tokens)| {
        let directions = [true, false].into_iter();
        tokens.iter().zip(directions).map(move |(token, is)| Reader::new(room, token, is))
    })
}

fn page_by_rest(address: SocketAddr, reader: &Reader) -> Result<Page> {
    let Reader { room, token, from, .. } = reader;
    let after = from.unwrap_or(0);
    let path = format!("/api/rooms/{room}/messages?after={after}&limit={PAGE}");
    let response = get(address, &path, &format!("Authorization: Bearer {token}\r\n"))?;
    ensure!(response.starts_with("HTTP/1.1 200"), "{path} is answered with {response}");
    let (_, body) = response.split_once("\r\n\r\n").context("a response has a body")?;
    serde_json::from_str(body).with_context(|| format!("no page: {body}"))
}

impl Reader {
    fn new(room: &str, token: &str, is_forwards: bool) -> Self {
        let (room, token) = (room.to_owned(), token.to_owned());
        Self { room, token, is_forwards, texts: 0, from: is_forwards.then_some(0) }
    }

    fn next_page(&self) -> String {
        let name = if self.is_forwards { "after" } else { "before" };
        let from = self.from.map_or(String::new(), |from| format!(",\"{name}\":{from}"));
        format!("{{\"roomId\":\"{}\",\"limit\":{PAGE}{from}}}", self.room)
    }

    /// Takes a page. True where it was the last one.
    ///
    /// # Errors
    /// Where something of it was told otherwise before, or a place is empty.
    fn take(&mut self, book: &mut Book, page: Page) -> Result<bool> {
        let Page { messages, next_before, next_after } = page;
        let room = &self.room;
        let is_rising = messages.is_sorted_by(|one, next| one.seq + 1 == next.seq);
        let first = messages.first().map(|message| message.seq);
        let last = messages.last().map(|message| message.seq);
        let is_joined = match (self.is_forwards, self.from, first.zip(last)) {
            (true, Some(after), Some((first, _))) => first == after + 1,
            (false, Some(before), Some((_, last))) => last + 1 == before,
            _ => true,
        };
        ensure!(is_rising && is_joined, "a place is empty in {room}, at {first:?} to {last:?}");
        self.texts += messages.len();
        for Message { seq, message_id, client_id, message } in messages {
            ensure!(client_id.as_ref() == Some(&message), "{message:?} came with {client_id:?}");
            book.note(room, &Place { seq, message_id, client_id: message })?;
        }
        self.from = if self.is_forwards { next_after } else { next_before };
        let is_last = self.from.is_none();
        ensure!(!is_last || self.is_forwards || first.is_none_or(|it| it == 1), "no first text");
        Ok(is_last)
    }
}

/// All readers at once.
struct Recalling<'a> {
    book: &'a mut Book,
    readers: Vec<Reader>,
    done: usize,
    failure: Option<anyhow::Error>,
}

impl Recalling<'_> {
    fn answered(&mut self, out: &mut Out, who: usize, answer: &str) -> Result<()> {
        let Answer { data, error } = serde_json::from_str(answer).context("an ack is JSON")?;
        let reader = &mut self.readers[who];
        let page = data.with_context(|| format!("{} is refused: {error:?}", reader.room))?;
        if reader.take(self.book, page)? {
            self.done += 1;
        } else {
            let reference = u64::try_from(reader.texts)? + 1;
            out.ask(who, reference, "history", &reader.next_page());
        }
        Ok(())
    }
}

impl Scenario for Recalling<'_> {
    fn on_event(&mut self, out: &mut Out, who: usize, name: &str, data: &str) {
        match name {
            "welcome" => out.ask(who, 1, "history", &self.readers[who].next_page()),
            "error" => {
                self.failure.get_or_insert(anyhow::anyhow!("{who} was told {data}"));
            }
            _ => {}
        }
    }

    fn on_ack(&mut self, out: &mut Out, who: usize, answer: &str) {
        if let Err(error) = self.answered(out, who, answer) {
            self.failure.get_or_insert(error);
        }
    }
}
