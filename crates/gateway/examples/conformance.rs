//! A server for suites that examine ours from outside: on 127.0.0.1, port `PORT` or 3000, `/echo`
//! echoes WebSocket messages of up to 16 MiB, and `/` the body of a request of any method.

use std::{env, io, net::Ipv4Addr};

use liveloop_gateway::{echo, settings::IoUring};
use tokio::{net::TcpListener, signal};

#[tokio::main]
async fn main() -> io::Result<()> {
    let port = match env::var("PORT") {
        Ok(port) => port.parse().map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidInput, "PORT must be a number up to 65535")
        })?,
        Err(_) => 3000,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on {}", listener.local_addr()?);
    let interrupted = async {
        // Where it cannot be heard, its default ends the process.
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    echo::serve(listener, IoUring::default(), interrupted).await
}
