//! A client of the binary, on a plain WebSocket.

use std::net::TcpStream;

use serde_json::{Value, json};
use tungstenite::{
    Message, WebSocket,
    client::IntoClientRequest,
    http::{HeaderName, HeaderValue},
};

use crate::harness::Server;

pub(crate) struct Client {
    pub(crate) socket: WebSocket<TcpStream>,
    pub(crate) welcome: Value,
    last_ref: u64,
}

impl Client {
    /// One that has been welcomed, by way of this path and with these headers.
    pub(crate) fn greeted(server: &Server, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut client = Self::open(server.address(), path, headers);
        client.welcome = client.until("welcome");
        client
    }

    /// One that comes with this `hello` to a server at `address`, and has been welcomed.
    pub(crate) fn comes(address: &str, hello: &Value) -> Self {
        let mut client = Self::open(address, "/ws?hello=1", &[]);
        client.say("hello", hello);
        client.welcome = client.until("welcome");
        client
    }

    /// One that comes back with this `hello`, and has not been welcomed yet.
    pub(crate) fn back(server: &Server, hello: &Value) -> Self {
        let mut client = Self::open(server.address(), "/ws?hello=1", &[]);
        client.say("hello", hello);
        client
    }

    fn open(address: &str, path: &str, headers: &[(&str, &str)]) -> Self {
        let url = format!("ws://{address}{path}");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        }
        let stream = TcpStream::connect(address).unwrap();
        let (socket, _) = tungstenite::client(request, stream).unwrap();
        Self { socket, welcome: Value::Null, last_ref: 0 }
    }

    pub(crate) fn say(&mut self, event: &str, data: &Value) {
        self.send(&json!({"event": event, "data": data}).to_string());
    }

    /// Says it with a `ref`, and gives its ack; `data` is JSON, or what is to be none. A frame that is
    /// none at all is answered by an `error` event.
    pub(crate) fn ask_raw(&mut self, event: &str, data: &str) -> Value {
        self.last_ref += 1;
        let reference = self.last_ref;
        self.send(&format!("{{\"event\":\"{event}\",\"data\":{data},\"ref\":{reference}}}"));
        loop {
            let frame = self.frame();
            if frame["ack"] == reference {
                return frame;
            }
            if frame["event"] == "error" {
                return json!({"error": frame["data"]});
            }
        }
    }

    pub(crate) fn ask(&mut self, event: &str, data: &Value) -> Value {
        self.ask_raw(event, &data.to_string())
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).unwrap();
    }

    /// The next text frame.
    pub(crate) fn frame(&mut self) -> Value {
        loop {
            let Message::Text(text) = self.socket.read().unwrap() else { continue };
            return serde_json::from_str(&text).unwrap();
        }
    }

    /// The data of the next such event.
    pub(crate) fn until(&mut self, event: &str) -> Value {
        loop {
            let mut frame = self.frame();
            if frame["event"] == event {
                return frame["data"].take();
            }
        }
    }

    /// Reads until the server has closed the connection.
    pub(crate) fn is_closed(&mut self) -> bool {
        loop {
            match self.socket.read() {
                Ok(_) => {}
                Err(tungstenite::Error::ConnectionClosed) => return true,
                Err(_) => return false,
            }
        }
    }
}
