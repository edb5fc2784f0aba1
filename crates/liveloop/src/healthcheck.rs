//! Asks a server for `/health`, for container health checks and people in a hurry.

mod secure;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;

const PATIENCE: Duration = Duration::from_secs(3);
/// An answer is a few hundred bytes; whatever sends more is no Live Loop.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What a server says of itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Health {
    status: String,
    node: String,
    version: String,
    #[serde(rename = "uptimeSeconds")]
    uptime_seconds: f64,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, node, version, uptime_seconds } = self;
        write!(f, "{status}: {node}, version {version}, up for {uptime_seconds:.0} s")
    }
}

/// Asks the server at `url`, or the one that listens here, with TLS or without. Fails unless it is up
/// and wants visitors.
pub(crate) fn ask(
    url: Option<&str>,
    listen: SocketAddr,
    is_secure: bool,
) -> anyhow::Result<Health> {
    let place = match url {
        Some(url) => Place::parse(url)?,
        None if listen.port() == 0 => {
            bail!("the configuration leaves the port open (listen has port 0): name it with --url")
        }
        None => {
            let authority = reachable(listen).to_string();
            Place { is_secure, authority, path: "/health".into() }
        }
    };
    let deadline = Instant::now() + PATIENCE;
    let answer = fetch(&place, deadline).with_context(|| format!("no answer from {place}"))?;
    judge(&answer)
}

#[derive(Debug, PartialEq, Eq)]
struct Place {
    is_secure: bool,
    authority: String,
    path: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is_secure, authority, path } = self;
        write!(f, "http{}://{authority}{path}", if *is_secure { "s" } else { "" })
    }
}

impl Place {
    fn parse(url: &str) -> anyhow::Result<Self> {
        let plain = url.strip_prefix("http://").map(|rest| (false, rest));
        let (is_secure, rest) = plain
            .or_else(|| url.strip_prefix("https://").map(|rest| (true, rest)))
            .ok_or_else(|| anyhow!("--url wants an address such as http://127.0.0.1:8000"))?;
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let has_port =
            authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let port = if is_secure { 443 } else { 80 };
        let authority = if has_port { authority.into() } else { format!("{authority}:{port}") };
        let path = if matches!(path, "" | "/") { "/health" } else { path };
        if path.contains(|c: char| c.is_whitespace() || c.is_control()) {
            bail!("--url holds white space");
        }
        Ok(Self { is_secure, authority, path: path.into() })
    }

    /// Without the port, and without the brackets of an IPv6 address.
    fn host(&self) -> &str {
        let host = self.authority.rsplit_once(':').map_or(&*self.authority, |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }
}

/// One cannot connect to "all addresses", but to this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn fetch(place: &Place, deadline: Instant) -> anyhow::Result<String> {
    let left = || {
        deadline
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())
            .context("it took longer than 3 seconds")
    };
    let address = place
        .authority
        .to_socket_addrs()
        .context("its host name has no address")?
        .next()
        .context("its host name has no address")?;
    let mut stream = TcpStream::connect_timeout(&address, left()?)?;
    stream.set_write_timeout(Some(left()?))?;
    stream.set_read_timeout(Some(left()?))?;
    let mut tls = place.is_secure.then(|| secure::client(place.host())).transpose()?;
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nConnection: close\r\n\r\n",
        place.path, place.authority
    );
    match &mut tls {
        Some(tls) => rustls::Stream::new(tls, &mut stream).write_all(request.as_bytes()),
        None => stream.write_all(request.as_bytes()),
    }
    .map_err(explain)?;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while answer.len() < ANSWER_BYTES_MAX {
        stream.set_read_timeout(Some(left()?))?;
        let read = match &mut tls {
            Some(tls) => rustls::Stream::new(tls, &mut stream).read(&mut piece),
            None => stream.read(&mut piece),
        };
        match read {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(explain(error)),
        }
    }
    String::from_utf8(answer).context("the answer is not text")
}

fn explain(error: io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => anyhow!("it took longer than 3 seconds"),
        _ => error.into(),
    }
}

fn judge(answer: &str) -> anyhow::Result<Health> {
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer is not HTTP")?;
    let code = head.split(' ').nth(1).unwrap_or_default();
    // The body may be chunked; the object itself stands between the outer braces either way.
    let json = body.find('{').zip(body.rfind('}')).and_then(|(from, to)| body.get(from..=to));
    let health = json.and_then(|json| serde_json::from_str::<Health>(json).ok());
    match (code, health) {
        ("200", Some(health)) => Ok(health),
        (_, Some(health)) => bail!("{health}"),
        (code, None) => bail!("whoever answers there is no Live Loop server (HTTP {code})"),
    }
}
