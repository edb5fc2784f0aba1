//! What a node says when it starts: where it keeps things, what is on, and what is off.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use liveloop_gateway::settings::Span;

use crate::{
    config::{Config, Loaded},
    data::DataFolder,
    logging::{Logging, START},
};

const NO_SERVERS: &str = "none; calls work between browsers on this machine or network only; set \
                          ice.servers for the internet";

/// One line: a word for what it is about, and a sentence.
pub(super) type Line = (&'static str, String);

/// The lines for this configuration, the first one a headline.
pub(super) fn lines(loaded: &Loaded, folder: &DataFolder, node: &str) -> Vec<Line> {
    let config = &loaded.config;
    let mut lines = vec![
        ("node", format!("Live Loop {}, {node}", env!("CARGO_PKG_VERSION"))),
        ("data", folder.path().display().to_string()),
        ("secret", secret(loaded).into()),
        ("ice", ice(config)),
        ("texts", texts(config, folder)),
        ("matching", matching(config)),
        ("origins", origins(config)),
        ("tls", tls(config)),
    ];
    if config.trusted_proxies.is_empty() && !config.listen.ip().is_loopback() {
        let off = "none trusted; behind a reverse proxy set trusted_proxies, or all visitors count \
                   as one address";
        lines.push(("proxies", off.into()));
    }
    if is_camera_refused(config) {
        let way_out = "browsers give a camera to https pages alone (and to localhost); set tls.cert \
                       and tls.key, or let a reverse proxy with TLS stand before this server and \
                       set public_url";
        lines.push(("camera", way_out.into()));
    }
    lines
}

/// Shows the lines as a block to a person at a terminal, and logs them otherwise.
pub(super) fn tell(lines: &[Line], logging: &Logging) {
    for (about, line) in lines {
        tracing::info!(target: START, about, "{line}");
    }
    if logging.is_start_shown_as_block {
        // Where standard error is closed there is nobody to show it to.
        let _ = io::stderr().write_all(block(lines).as_bytes());
    }
}

fn block(lines: &[Line]) -> String {
    let mut text = String::new();
    for (at, (about, line)) in lines.iter().enumerate() {
        let _ = match at {
            0 => writeln!(text, "{line}"),
            _ => writeln!(text, "  {about:<9} {line}"),
        };
    }
    text
}

fn secret(loaded: &Loaded) -> &'static str {
    match (&loaded.secret, &loaded.config.secret_file) {
        (Some(_), _) => "from LIVELOOP_SECRET",
        (None, Some(_)) => "from secret_file",
        (None, None) => "kept in the data folder",
    }
}

fn ice(config: &Config) -> String {
    match config.ice.servers.len() {
        0 => NO_SERVERS.into(),
        1 => "1 STUN or TURN server".into(),
        count => format!("{count} STUN and TURN servers"),
    }
}

fn texts(config: &Config, folder: &DataFolder) -> String {
    let file = folder.path().join(liveloop_sqlite::FILE);
    let within = |retention: Span| match retention.0.is_zero() {
        true => "for ever".into(),
        false => format!("for {retention}"),
    };
    let (calls, channels) =
        (within(config.store.retention_calls), within(config.store.retention_channels));
    format!("kept in {}: of calls {calls}, of channels {channels}", file.display())
}

fn matching(config: &Config) -> String {
    let oneself = match (config.is_same_visitor_matched(), config.matching.same_visitor) {
        (true, None) => {
            "two windows of one browser meet each other, as only this machine can connect \
             (matching.same_visitor)"
        }
        (true, Some(_)) => "two windows of one browser meet each other (matching.same_visitor)",
        (false, _) => "nobody meets themselves (matching.same_visitor is off)",
    };
    let again = match (config.is_repeat_matched(), config.matching.repeat) {
        (true, None) => "and, likewise, again at once (matching.repeat)".into(),
        (true, Some(_)) => "two may meet again at once (matching.repeat)".into(),
        (false, _) => {
            let (partners, time) = (config.matching.memory_partners, config.matching.memory_time);
            format!("nobody meets one of their last {partners} partners again within {time}")
        }
    };
    format!("{oneself}; {again}")
}

fn origins(config: &Config) -> String {
    let own = config.public_url.as_deref().unwrap_or("this server");
    match config.origins.as_slice() {
        [] => format!("only pages of {own} may connect"),
        others => format!("only pages of {own} and of {} may connect", others.join(", ")),
    }
}

fn tls(config: &Config) -> String {
    match (&config.tls.cert, &config.public_url) {
        (Some(cert), _) => format!("on, with the certificate in {}", cert.display()),
        (None, Some(url)) if url.starts_with("https:") => {
            "off; the proxy that answers for public_url does it".into()
        }
        _ => "off; plain http (tls.cert and tls.key)".into(),
    }
}

/// Browsers hand a camera to pages of https and of localhost alone.
fn is_camera_refused(config: &Config) -> bool {
    match &config.public_url {
        Some(url) => url.starts_with("http:") && !url.starts_with("http://localhost"),
        None => !config.listen.ip().is_loopback() && config.tls.cert.is_none(),
    }
}
