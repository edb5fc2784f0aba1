//! Reading what was said.

use serde_json::{Value, json};

use super::{Client, Server};

/// The page that `history` gives.
pub async fn history(client: &mut Client, data: Value) -> Value {
    let ack = client.ask("history", data).await;
    assert!(ack["error"].is_null(), "{ack}");
    ack["data"].clone()
}

/// The places of a page's messages.
pub fn seqs(page: &Value) -> Vec<u64> {
    page["messages"].as_array().unwrap().iter().map(|it| it["seq"].as_u64().unwrap()).collect()
}

/// A visitor who listens to `room`.
pub async fn member(server: &Server, room: &str) -> Client {
    let mut client = server.client().await;
    let ack = client.ask("join-room", json!({"roomId": room})).await;
    assert!(ack["error"].is_null(), "{ack}");
    client
}
