//! Holds a store against a book of what clients were told: `held DATA BOOK`. Each line of the book is a
//! room, a place, the id of a message and the sender's id of it, which is its text too, with tabs
//! between; one of two fields is not meant here. All of that must be there exactly once, and no place of a room may be empty.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
    process::ExitCode,
};

use liveloop_core::RoomId;
use liveloop_ports::{Archive, Health, Kept, MessageId, PageLimit, Span};
use liveloop_protocol::parse_id;
use liveloop_sqlite::SqliteStore;

type Told = BTreeMap<RoomId, BTreeMap<u64, (MessageId, String)>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, book] = arguments.as_slice() else {
        eprintln!("say what to look at: held DATA BOOK");
        return ExitCode::FAILURE;
    };
    match hold(Path::new(data), Path::new(book)).await {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn hold(data: &Path, book: &Path) -> Result<String, String> {
    let told = read(book)?;
    let store = SqliteStore::open(data).map_err(|error| error.to_string())?;
    while Archive::health(&store) == Health::Checking {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    if Archive::health(&store) != Health::Ready {
        return Err(format!("the store is damaged: {:?}", Archive::health(&store)));
    }
    let (mut kept, mut held) = (0, 0);
    for (room, told) in &told {
        let all = messages(&store, *room).await?;
        kept += all.len();
        compare(&all, told).map_err(|why| format!("in room {:032x}: {why}", room.0))?;
        held += told.len();
    }
    Ok(format!(
        "{held} messages that clients were told of are kept, of {kept} in {} rooms",
        told.len()
    ))
}

fn read(book: &Path) -> Result<Told, String> {
    let mut told = Told::new();
    for line in fs::read_to_string(book).map_err(|error| error.to_string())?.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let parsed = match *fields {
            // Who may read a room over the wire.
            [_, _] => continue,
            [room, seq, message, client_id] => parse_id(room)
                .zip(parse_id(message))
                .zip(seq.parse().ok())
                .map(|((room, message), seq)| (room, seq, message, client_id)),
            _ => None,
        };
        let (room, seq, message, client_id) = parsed.ok_or(format!("no such line: {line}"))?;
        let place = (MessageId(message), client_id.to_owned());
        told.entry(RoomId(room)).or_default().insert(seq, place);
    }
    Ok(told)
}

async fn messages(store: &SqliteStore, room: RoomId) -> Result<Vec<Kept>, String> {
    let (mut all, mut after) = (Vec::new(), 0);
    let limit = PageLimit::new(PageLimit::MAX.into()).ok_or("200 is a limit")?;
    loop {
        let page = store.page(room, Span::After(after), limit).await;
        let page = page.map_err(|error| error.to_string())?;
        all.extend(page.messages);
        match page.next_after {
            Some(next) => after = next,
            None => return Ok(all),
        }
    }
}

fn compare(all: &[Kept], told: &BTreeMap<u64, (MessageId, String)>) -> Result<(), String> {
    let mut said = HashSet::new();
    for (kept, seq) in all.iter().zip(1..) {
        if kept.seq != seq {
            return Err(format!("nothing is at {seq}"));
        }
        if !said.insert((kept.user, &kept.client_id)) {
            return Err(format!("{:?} is there twice", kept.client_id));
        }
    }
    for (seq, (message, client_id)) in told {
        let Some(kept) = usize::try_from(*seq).ok().and_then(|seq| all.get(seq.checked_sub(1)?))
        else {
            return Err(format!("{client_id} was at {seq}, and is lost"));
        };
        let text = kept.body.as_ref().map(|body| &body.text);
        if kept.message != *message || text != Some(client_id) {
            return Err(format!("{client_id} was at {seq}, where {text:?} is"));
        }
    }
    Ok(())
}
