//! The echo that outside suites examine: long messages, farewells, bodies of any method.

#![allow(clippy::unwrap_used)]

mod support;

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use liveloop_gateway::echo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Bytes, Message,
        protocol::{
            CloseFrame,
            frame::{Frame, FrameHeader, coding::CloseCode},
        },
    },
};

const PATIENCE: Duration = Duration::from_secs(20);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Ends the echo when it is dropped.
type Stop = oneshot::Sender<()>;

async fn start() -> (SocketAddr, Stop) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        echo::serve(listener, support::io_uring(), stopped).await.unwrap();
    });
    (address, stop)
}

async fn open(address: SocketAddr) -> Socket {
    connect_async(format!("ws://{address}/echo")).await.unwrap().0
}

async fn next(socket: &mut Socket) -> Message {
    timeout(PATIENCE, socket.next()).await.expect("something comes").unwrap().unwrap()
}

/// A request with this body, and the whole response.
async fn http(address: SocketAddr, first: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{first} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\
         {headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut response)).await.unwrap().unwrap();
    response
}

#[tokio::test]
async fn messages_of_all_lengths_come_back_in_order() {
    let (address, _stop) = start().await;
    let mut socket = open(address).await;
    for len in [0, 1, 125, 126, 65_535, 65_536, 1 << 20, echo::MESSAGE_BYTES_MAX] {
        let message = Message::Binary(Bytes::from(vec![7; len]));
        socket.send(Message::Ping(Bytes::from_static(b"before"))).await.unwrap();
        socket.send(message.clone()).await.unwrap();
        assert_eq!(next(&mut socket).await, Message::Pong(Bytes::from_static(b"before")));
        assert!(next(&mut socket).await == message, "{len} bytes");
    }
}

#[tokio::test]
async fn who_reads_late_gets_all_that_was_sent() {
    let (address, _stop) = start().await;
    let (mut sink, mut stream) = open(address).await.split();
    // Far more than the kernel buffers: the echo waits, and so do we.
    let sending = tokio::spawn(async move {
        for n in 0..64_u8 {
            sink.send(Message::Binary(vec![n; 1 << 20].into())).await.unwrap();
        }
        sink
    });
    for n in 0..64_u8 {
        let message = timeout(PATIENCE, stream.next()).await.unwrap().unwrap().unwrap();
        assert!(message == Message::Binary(vec![n; 1 << 20].into()), "message {n}");
    }
    drop(sending.await.unwrap());
}

#[tokio::test]
async fn a_close_is_answered_with_its_code() {
    let (address, _stop) = start().await;
    for code in [1000, 3999] {
        let mut socket = open(address).await;
        let close = CloseFrame { code: CloseCode::from(code), reason: "bye".into() };
        socket.send(Message::Close(Some(close))).await.unwrap();
        let Message::Close(Some(answer)) = next(&mut socket).await else { panic!("no code") };
        assert_eq!(u16::from(answer.code), code);
    }
    let mut socket = open(address).await;
    socket.send(Message::Close(None)).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::Close(None));
}

#[tokio::test]
async fn what_violates_the_standard_is_told_why() {
    let (address, _stop) = start().await;
    let text = FrameHeader { opcode: 0x1.into(), ..FrameHeader::default() };
    let first = FrameHeader { opcode: 0x2.into(), is_final: false, ..FrameHeader::default() };
    let last = FrameHeader { opcode: 0x0.into(), ..FrameHeader::default() };
    for (frames, code) in [
        (vec![(FrameHeader { rsv1: true, ..text.clone() }, Vec::new())], 1002),
        (vec![(text, b"\xff".to_vec())], 1007),
        (vec![(first, vec![0; echo::MESSAGE_BYTES_MAX]), (last, vec![0])], 1009),
    ] {
        let mut socket = open(address).await;
        for (header, payload) in frames {
            let frame = Frame::from_payload(header, payload.into());
            socket.send(Message::Frame(frame)).await.unwrap();
        }
        let Message::Close(Some(close)) = next(&mut socket).await else { panic!("no code") };
        assert_eq!(u16::from(close.code), code);
    }
}

#[tokio::test]
async fn the_body_of_any_method_comes_back() {
    let (address, _stop) = start().await;
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
        let response = http(address, &format!("{method} /"), "Content-Type: x/y\r\n", "hé").await;
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
        assert!(response.contains("content-type: x/y\r\n"), "{response}");
        assert!(response.ends_with("\r\n\r\nhé"), "{response}");
    }
    assert!(http(address, "GET /elsewhere", "", "").await.starts_with("HTTP/1.1 404 "));
    assert!(http(address, "GET /echoes", "", "").await.starts_with("HTTP/1.1 404 "));
    assert!(http(address, "GET /echo", "", "").await.starts_with("HTTP/1.1 426 "));
    let bad_key = "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: short\r\n";
    assert!(http(address, "GET /echo", bad_key, "").await.starts_with("HTTP/1.1 400 "));
}
