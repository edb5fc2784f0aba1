//! Bad input to channels, through real sockets and REST: the documented error, nothing is stored, and
//! nobody else hears anything. Each table is held against a node on the adapters of memory, and against
//! the binary on its store, which must tell the same history after it was killed.

mod site;

use serde_json::json;

use site::{TEXT_OF_THE_FENCE, on_both};

/// One character each time: what counts is Unicode scalar values (protocol.md, section 1).
const UNITS: [&str; 6] =
    ["x", "e\u{301}", "👩\u{200d}👩\u{200d}👧\u{fe0f}👍", "\u{200f}א", "\u{202e}z", "\0\u{7}"];

fn of(unit: &str, chars: usize) -> String {
    unit.chars().cycle().take(chars).collect()
}

#[test]
fn texts() {
    on_both(|site| {
        for unit in UNITS {
            for chars in [1, 1_000] {
                let text = of(unit, chars);
                site.is_kept(&json!(text).to_string(), &text);
                // White space around it does not count.
                site.is_kept(&json!(format!(" \n{text}\u{3000}")).to_string(), &text);
            }
            let long = json!(of(unit, 1_001)).to_string();
            site.refuses("newMessage", &site.text(&long), "too-long");
        }
        site.is_kept(r#""a\u0000b""#, "a\0b");
        for (message, code) in [
            (r#""""#, "bad-payload"),
            (r#"" \n\t\u3000\u2029""#, "bad-payload"),
            (r#""\ud800""#, "bad-payload"),
            (r#""\udc00""#, "bad-payload"),
            (r#""a\ud83dz""#, "bad-payload"),
            (r#""\udc00\ud800""#, "bad-payload"),
            ("null", "bad-payload"),
            ("7", "bad-payload"),
            ("true", "bad-payload"),
            ("[]", "bad-payload"),
            (r#"{"text":"x"}"#, "bad-payload"),
        ] {
            site.refuses("newMessage", &site.text(message), code);
        }
        let long_id = format!("\"{}\"", "i".repeat(65));
        for (field, value, code) in [
            ("clientId", long_id.as_str(), "too-long"),
            ("clientId", "7", "bad-payload"),
            ("clientId", r#""\ud800""#, "bad-payload"),
            ("roomId", long_id.as_str(), "too-long"),
            ("roomId", "7", "bad-payload"),
            // Of no call and no channel that one has joined.
            ("roomId", "null", "not-in-room"),
            ("roomId", r#""""#, "not-in-room"),
            ("roomId", r#""no id""#, "not-in-room"),
            ("roomId", r#""AAECAwQFBgcICQoLDA0ODw""#, "not-in-room"),
        ] {
            let room = (field != "roomId").then(|| format!(r#""roomId":"{}","#, site.open));
            let data =
                format!(r#"{{{}"message":"x","{field}":{value}}}"#, room.unwrap_or_default());
            site.refuses("newMessage", &data, code);
        }
        site.refuses("newMessage", "{}", "bad-payload");
        site.refuses("newMessage", "[]", "bad-payload");
    });
}

#[test]
fn changes_of_texts() {
    on_both(|site| {
        let (open, mine, theirs) = (site.open.clone(), site.id_of_cyds(), site.id_of_bens());
        let edit = |id: &str, message: &str| {
            format!(r#"{{"roomId":"{open}","messageId":"{id}","message":{message}}}"#)
        };
        for unit in UNITS {
            let long = json!(of(unit, 1_001)).to_string();
            site.refuses("edit-message", &edit(&mine, &long), "too-long");
        }
        for (message, code) in [
            (r#""""#, "bad-payload"),
            (r#""\ud800""#, "bad-payload"),
            ("null", "bad-payload"),
            ("7", "bad-payload"),
        ] {
            site.refuses("edit-message", &edit(&mine, message), code);
        }
        for id in [theirs.as_str(), "no id", "AAECAwQFBgcICQoLDA0ODw"] {
            site.refuses("edit-message", &edit(id, r#""x""#), "not-allowed");
            let data = format!(r#"{{"roomId":"{open}","messageId":"{id}"}}"#);
            site.refuses("delete-message", &data, "not-allowed");
        }
        for (seq, code) in
            [("-1", "bad-payload"), ("1.5", "bad-payload"), (r#""1""#, "bad-payload")]
        {
            site.refuses("read", &format!(r#"{{"roomId":"{open}","seq":{seq}}}"#), code);
        }
    });
}

#[test]
fn positions_and_limits_of_history() {
    on_both(|site| {
        for (data, query) in [
            (r#""limit":0"#, "limit=0"),
            (r#""limit":-1"#, "limit=-1"),
            (r#""limit":201"#, "limit=201"),
            (r#""limit":1000000000"#, "limit=1000000000"),
            (r#""limit":1.5"#, "limit=1.5"),
            (r#""limit":"5""#, "limit="),
            (r#""before":-1"#, "before=-1"),
            (r#""before":1.5"#, "before=1.5"),
            (r#""before":"1""#, "before=x"),
            (r#""before":{}"#, "before=%00"),
            (r#""before":18446744073709551616"#, "before=18446744073709551616"),
            (r#""after":-1"#, "after=-1"),
            (r#""after":0.5"#, "after=0.5"),
            (r#""after":[]"#, "after=+1"),
            (r#""after":1e40"#, "after=1e3"),
            (r#""before":2,"after":1"#, "before=2&after=1"),
            (r#""before":0,"after":0"#, "after=0&before=0"),
        ] {
            let data = format!(r#"{{"roomId":"{}",{data}}}"#, site.open);
            site.refuses("history", &data, "bad-payload");
            site.refuses_read(&site.open.clone(), query, (400, "bad-payload"));
        }
        // Beyond either end nothing is wrong, and nothing is there.
        for query in
            ["after=18446744073709551615", "after=9223372036854775808", "before=0", "before=1"]
        {
            site.reads_nothing(query);
        }
    });
}

#[test]
fn rooms_that_one_is_not_in() {
    on_both(|site| {
        let hidden = site.hidden.clone();
        for room in [hidden.as_str(), "AAECAwQFBgcICQoLDA0ODw", "no id", ""] {
            let data = json!({"roomId": room}).to_string();
            site.refuses("history", &data, "room-not-found");
            site.refuses("join-room", &data, "room-not-found");
            let said = json!({"roomId": room, "message": "x"}).to_string();
            site.refuses("newMessage", &said, "not-in-room");
            let id = site.id_of_cyds();
            for event in ["edit-message", "delete-message"] {
                let data = json!({"roomId": room, "messageId": id, "message": "x"}).to_string();
                site.refuses(event, &data, "not-in-room");
            }
            site.refuses("read", &json!({"roomId": room, "seq": 1}).to_string(), "not-in-room");
            let typing = json!({"roomId": room, "typing": true}).to_string();
            site.refuses("typing", &typing, "not-in-room");
        }
        for room in [hidden.as_str(), "AAECAwQFBgcICQoLDA0ODw", "no%20id"] {
            site.refuses_read(room, "", (404, "room-not-found"));
            site.refuses_read(room, "limit=1", (404, "room-not-found"));
        }
        assert_eq!(site.texts_of_hidden(), [TEXT_OF_THE_FENCE], "nothing was stored there");
    });
}

#[test]
fn invitations_that_are_forged_or_revoked() {
    on_both(|site| {
        let (hidden, secret) = (site.hidden.clone(), site.invite.clone());
        let (open, renewed) = (site.open.clone(), site.renew_invite());
        let changed = format!("{}{}", &renewed[1..], &renewed[..1]);
        for forged in [secret.as_str(), "", "x", &renewed[1..], &changed, &hidden, &open] {
            let data = json!({"roomId": hidden, "invite": forged}).to_string();
            site.refuses("join-room", &data, "room-not-found");
        }
        site.revoke_invite();
        let data = json!({"roomId": hidden, "invite": renewed}).to_string();
        site.refuses("join-room", &data, "room-not-found");
        for (invite, code) in
            [("7", "bad-payload"), ("[]", "bad-payload"), (r#""\ud800""#, "bad-payload")]
        {
            let data = format!(r#"{{"roomId":"{hidden}","invite":{invite}}}"#);
            site.refuses("join-room", &data, code);
        }
        let long = json!({"roomId": hidden, "invite": "i".repeat(65)}).to_string();
        site.refuses("join-room", &long, "too-long");
        assert_eq!(site.members_of_hidden(), 1, "nobody came in");
    });
}
