//! A node stops and another goes on with what it has left: calls, the queue and what was said do not
//! notice, whatever the number of event loops.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use futures_util::StreamExt;
use liveloop_gateway::{
    Estate,
    settings::{Settings, Span},
};
use liveloop_ports::{MemoryArchive, MemoryDirectory};
use serde_json::{Value, json};
use support::{Client, Server, group, meet, patient, settings};

/// Two processes, one after the other, on one store.
struct Site {
    server: Server,
    stores: Stores,
}

#[derive(Default)]
struct Stores {
    archive: Arc<MemoryArchive>,
    directory: Arc<MemoryDirectory>,
}

impl Stores {
    async fn serve(&self, estate: Option<Estate>, settings: Settings) -> Server {
        let Self { archive, directory } = self;
        Server::start_after(estate, settings, (archive.clone(), directory.clone())).await
    }
}

fn with_threads(settings: Settings, threads: usize) -> Settings {
    Settings { threads, ..settings }
}

impl Site {
    async fn start(settings: Settings) -> Self {
        let stores = Stores::default();
        Self { server: stores.serve(None, settings).await, stores }
    }

    async fn restart(self, settings: Settings) -> Self {
        let estate = self.server.left().await;
        assert!(estate.is_some(), "there is something to leave");
        Self { server: self.stores.serve(estate, settings).await, stores: self.stores }
    }
}

/// What its client keeps of a session over the end of a process, once that has ended.
async fn ended(mut client: Client) -> Value {
    client.until("draining").await;
    assert_eq!(client.close_code().await, 1012);
    client.welcome
}

/// Comes back with the last secret; `after` is the last number seen.
async fn back(site: &Site, welcome: &Value, after: u64) -> Client {
    site.server.back(json!({"resume": welcome["resume"], "after": after})).await
}

fn assert_is(client: &Client, before: &Value, state: &str) {
    for (field, expected) in [
        ("resumed", json!(true)),
        ("recovered", json!(true)),
        ("socketId", before["socketId"].clone()),
        ("userId", before["userId"].clone()),
        ("state", json!(state)),
    ] {
        assert_eq!(client.welcome[field], expected, "{field}");
    }
}

#[tokio::test]
async fn a_call_and_the_queue_go_on_whatever_the_number_of_loops() {
    for [before, after] in [[1, 1], [2, 3], [3, 1], [2, 2]] {
        let site = Site::start(with_threads(patient(), before)).await;
        let (mut ada, mut ben) = (site.server.client().await, site.server.client().await);
        let (for_ada, _) = meet(&mut ada, &mut ben).await;
        ada.ask("newMessage", json!({"message": "one", "clientId": "a"})).await;
        assert_eq!(ben.until("newMessage").await["seq"], 1);
        ben.say("negotiation-call-answer", json!({"ans": {"sdp": "before"}})).await;
        ada.until("negotiation-call-answer").await;
        let mut cleo = site.server.client().await;
        cleo.ask("request-room", json!({"name": "Cleo", "mode": "text"})).await;
        cleo.until("waiting").await;

        let ((ada_was, ben_was, cleo_was), site) = tokio::join!(
            async { (ended(ada).await, ended(ben).await, ended(cleo).await) },
            site.restart(with_threads(patient(), after)),
        );

        // Who asks while Cleo is not back is no partner of hers, and is behind her.
        let mut dora = site.server.client().await;
        dora.ask("request-room", json!({"name": "Dora", "mode": "text"})).await;
        assert_eq!(dora.until("waiting").await["waiting"], 1);
        let mut cleo = back(&site, &cleo_was, 0).await;
        assert_is(&cleo, &cleo_was, "waiting");
        assert_eq!(cleo.until("match-done").await["initiator"], true, "she has waited longer");
        assert_eq!(dora.until("match-done").await["remoteUserDetails"]["userName"], "Cleo");

        // Ben has not seen the last: it is sent again, with its old number.
        let (mut ada, mut ben) = (back(&site, &ada_was, 2).await, back(&site, &ben_was, 1).await);
        assert_is(&ada, &ada_was, "call");
        assert_is(&ben, &ben_was, "call");
        assert_eq!(ada.welcome["roomId"], for_ada["roomId"]);
        let again = ben.frame().await;
        assert_eq!((&again["event"], &again["n"]), (&json!("newMessage"), &json!(2)));
        assert_eq!(again["data"]["message"], "one");
        ada.say("negotiation-call-offer", json!({"offer": {"sdp": "after"}})).await;
        let offer = ben.frame().await;
        assert_eq!((&offer["event"], &offer["n"]), (&json!("negotiation-call-offer"), &json!(3)));
        let repeat = ada.ask("newMessage", json!({"message": "one", "clientId": "a"})).await;
        assert_eq!(repeat["data"]["seq"], 1, "a repeat is known");
        assert_eq!(ben.ask("newMessage", json!({"message": "two"})).await["data"]["seq"], 2);
        let pseudonym = &for_ada["remoteUserDetails"]["userId"];
        assert_eq!(&ada.until("newMessage").await["userId"], pseudonym);
        ada.has_nothing().await;
        ben.has_nothing().await;
        ada.ask("stop-call", json!({"roomId": for_ada["roomId"]})).await;
        assert_eq!(ben.event("stop-by-remote-user").await["reason"], "stopped");
    }
}

/// A node with a call, which has stopped; what it left, and what the two remember.
async fn stopped_in_a_call(settings: Settings) -> (Estate, [Value; 2]) {
    let server = Server::start(settings).await;
    let (mut ada, mut ben) = (server.client().await, server.client().await);
    meet(&mut ada, &mut ben).await;
    let (estate, ada, ben) = tokio::join!(server.left(), ended(ada), ended(ben));
    (estate.unwrap(), [ada, ben])
}

async fn site_after(estate: Estate, settings: Settings) -> Site {
    let stores = Stores::default();
    Site { server: stores.serve(Some(estate), settings).await, stores }
}

#[tokio::test]
async fn who_does_not_come_back_leaves_the_other_as_ever() {
    let mut settings = settings();
    settings.session.grace = Span::seconds(2);
    let (estate, [ada, _]) = stopped_in_a_call(settings.clone()).await;
    let site = site_after(estate, settings).await;
    site.server.until_status("rooms", 1).await;
    let mut ada = back(&site, &ada, 1).await;
    assert_is(&ada, &ada.welcome.clone(), "call");
    assert_eq!(ada.event("stop-by-remote-user").await["reason"], "disconnected");
    site.server.until_status("rooms", 0).await;
    assert!((site.server.metric("liveloop_sessions_in_grace").await).abs() < 0.5);
}

#[tokio::test]
async fn a_secret_of_the_process_before_is_good_for_its_session_once() {
    let (estate, [ada_was, ben_was]) = stopped_in_a_call(patient()).await;
    let site = site_after(estate, patient()).await;
    let mut ada = back(&site, &ada_was, 1).await;
    ada.ask("heartbeat", json!({})).await;
    let mut other = site.server.announced().await;
    other.say("hello", json!({"resume": ada_was["resume"]})).await;
    assert_eq!(other.event("error").await["code"], "resume-expired");
    assert_eq!(other.event("welcome").await["resumed"], false);
    // A connection of the new process that says what a former one could have said.
    let mut mixed = site.server.announced().await;
    let token = &ada_was["token"];
    mixed.say("hello", json!({"resume": ben_was["resume"], "token": token})).await;
    assert_eq!(mixed.event("error").await["code"], "bad-token");
    let ben = back(&site, &ben_was, 1).await;
    assert_is(&ben, &ben_was, "call");
}

#[tokio::test]
async fn it_goes_on_over_many_processes() {
    let site = Site::start(with_threads(patient(), 3)).await;
    let (mut ada, mut ben) = (site.server.client().await, site.server.client().await);
    meet(&mut ada, &mut ben).await;
    let (mut site, ben_was) = (site, ben.welcome.clone());
    for (round, threads) in (0..).zip([1, 4, 2]) {
        let ada_was;
        // Ben does not come back between them: what he is told waits for him.
        (ada_was, site) = tokio::join!(ended(ada), site.restart(with_threads(patient(), threads)));
        ada = back(&site, &ada_was, 1).await;
        assert_is(&ada, &ada_was, "call");
        let said = ada.ask("newMessage", json!({"message": format!("round {round}")})).await;
        assert_eq!(said["data"]["seq"], round + 1);
        // Fresh visitors come, and take nobody's place.
        let (mut cleo, mut dora) = (site.server.client().await, site.server.client().await);
        meet(&mut cleo, &mut dora).await;
    }
    drop(ben);
    let mut ben = back(&site, &ben_was, 1).await;
    assert_is(&ben, &ben_was, "call");
    for round in 0..3 {
        assert_eq!(ben.event("newMessage").await["message"], format!("round {round}"));
    }
    ben.has_nothing().await;
}

#[tokio::test]
async fn who_was_away_before_is_told_of_as_ever() {
    let site = Site::start(patient()).await;
    let (mut ada, mut ben) = (site.server.client().await, site.server.client().await);
    meet(&mut ada, &mut ben).await;
    let ada_was = ada.welcome.clone();
    ada.lose();
    ben.until("partner-away").await;
    let (ben_was, site) = tokio::join!(ended(ben), site.restart(patient()));
    let mut ben = back(&site, &ben_was, 2).await;
    ben.has_nothing().await;
    let ada = back(&site, &ada_was, 1).await;
    assert_is(&ada, &ada_was, "call");
    assert_eq!(ben.event("partner-back").await["socketId"], ada_was["socketId"]);
}

#[tokio::test]
async fn the_way_back_to_a_partner_and_blocks_outlast_it() {
    let site = Site::start(patient()).await;
    let (mut ada, mut ben) = (site.server.client().await, site.server.client().await);
    let (met, _) = meet(&mut ada, &mut ben).await;
    ada.ask("stop-call", json!({"roomId": met["roomId"]})).await;
    ben.until("stop-by-remote-user").await;
    let ((ada_was, ben_was), site) =
        tokio::join!(async { (ended(ada).await, ended(ben).await) }, site.restart(patient()));
    let (mut ada, mut ben) = (back(&site, &ada_was, 1).await, back(&site, &ben_was, 2).await);
    assert_is(&ada, &ada_was, "idle");
    assert_is(&ben, &ben_was, "waiting");
    ada.ask("undo-skip", json!({})).await;
    let again = ada.until("match-done").await;
    assert_eq!(again["remoteUserDetails"]["userName"], "Ben");
    ben.until("match-done").await;
    ada.ask("block-user", json!({})).await;
    ada.ask("stop-call", json!({})).await;
    ben.until("stop-by-remote-user").await;
    let ((ada_was, ben_was), site) =
        tokio::join!(async { (ended(ada).await, ended(ben).await) }, site.restart(patient()));
    let (mut ada, mut ben) = (back(&site, &ada_was, 99).await, back(&site, &ben_was, 99).await);
    ada.ask("request-room", json!({"again": true})).await;
    ben.ask("cancel-request", json!({})).await;
    ben.ask("request-room", json!({"again": true})).await;
    assert_eq!(ben.until("waiting").await["waiting"], 2, "they never meet again");
}

#[tokio::test]
async fn channels_are_still_listened_to_and_members_still_watched() {
    let site = Site::start(patient()).await;
    let (mut ada, mut ben) = (site.server.client().await, site.server.client().await);
    let room = group(&site.server, ada.welcome["token"].as_str().unwrap()).await;
    for client in [&mut ada, &mut ben] {
        client.ask("join-room", json!({"roomId": room})).await;
    }
    let ben_id = ben.welcome["userId"].clone();
    ada.ask("watch-presence", json!({"userIds": [ben_id]})).await;
    ada.ask("newMessage", json!({"roomId": room, "message": "before"})).await;
    ben.until("newMessage").await;
    let ((ada_was, ben_was), site) =
        tokio::join!(async { (ended(ada).await, ended(ben).await) }, site.restart(patient()));
    let mut ada = back(&site, &ada_was, 9).await;
    assert_eq!(ada.until("presence").await["online"], false, "he is not back");
    let mut ben = back(&site, &ben_was, 9).await;
    assert_eq!(ada.until("presence").await["online"], true);
    let said = ada.ask("newMessage", json!({"roomId": room, "message": "after"})).await;
    assert_eq!(said["data"]["seq"], 2, "{said}");
    assert_eq!(ben.until("newMessage").await["message"], "after");
    let left = ada.ask("leave-room", json!({"roomId": room})).await;
    assert_eq!(left["data"], json!({}), "it was there to be left: {left}");
}

#[tokio::test]
async fn what_is_no_good_is_refused_and_everybody_begins_afresh() {
    let (estate, [ada, _]) = stopped_in_a_call(patient()).await;
    let mut damaged = estate.as_bytes().to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    let site = site_after(Estate::from_bytes(damaged), patient()).await;
    let mut again = site.server.announced().await;
    again.say("hello", json!({"resume": ada["resume"], "token": ada["token"]})).await;
    assert_eq!(again.event("error").await["code"], "resume-expired");
    let welcome = again.event("welcome").await;
    assert_eq!((&welcome["resumed"], &welcome["userId"]), (&json!(false), &ada["userId"]));
    assert_ne!(welcome["socketId"], ada["socketId"]);
}

#[tokio::test]
async fn a_node_without_visitors_leaves_nothing() {
    let server = Server::start(settings()).await;
    let mut idle = server.client().await;
    let (estate, ()) = tokio::join!(server.left(), async {
        // It answers the close, so that nothing is waited for.
        while let Some(Ok(_)) = idle.socket.next().await {}
    });
    assert_eq!(estate, None);
}

#[tokio::test]
async fn what_was_handled_in_the_last_moment_is_neither_lost_nor_doubled() {
    // On a busy machine Ben may have seen nothing yet: all of it must fit into what is sent again.
    let mut roomy = patient();
    roomy.session.replay_bytes = 16 << 10;
    let site = Site::start(roomy.clone()).await;
    let (mut ada, mut ben) = (site.server.client().await, site.server.client().await);
    meet(&mut ada, &mut ben).await;
    for n in 0..20 {
        ada.ask_later("newMessage", json!({"message": format!("{n}"), "clientId": format!("{n}")}))
            .await;
    }
    let ada_was = ada.welcome.clone();
    let mut acks = 0;
    let (ben_was, site, ()) = tokio::join!(
        async {
            let mut ben = ben;
            let mut seen = 1;
            loop {
                let frame = ben.frame().await;
                match frame["event"].as_str() {
                    Some("draining") => break,
                    _ => seen = frame["n"].as_u64().unwrap(),
                }
            }
            (ben.welcome, seen)
        },
        site.restart(roomy),
        async {
            loop {
                let frame = ada.frame().await;
                match frame["event"].as_str() {
                    Some("draining") => break,
                    _ => acks += u64::from(!frame["ack"].is_null()),
                }
            }
        }
    );
    let (ben_was, seen) = ben_was;
    let ada = back(&site, &ada_was, 1).await;
    // What was handled was told to the one, and its place is kept for the other.
    assert_eq!(ada.welcome["lastRef"].as_u64().unwrap(), acks + 1);
    let mut ben = back(&site, &ben_was, seen).await;
    assert_is(&ben, &ben_was, "call");
    let last_n = ben.welcome["lastN"].as_u64().unwrap();
    assert_eq!(last_n, acks + 1);
    for n in seen + 1..=last_n {
        assert_eq!(ben.frame().await["n"], n);
    }
    ben.has_nothing().await;
}
