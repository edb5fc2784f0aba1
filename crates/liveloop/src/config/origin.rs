//! What a web origin looks like: scheme, host and port as a browser's `Origin` header writes them.

use std::net::Ipv6Addr;

/// Says what is wrong with an origin, and how it should be written.
pub(super) fn check(text: &str) -> Result<(), String> {
    if text == "*" {
        return Err("there is no wildcard: name each site that may connect".into());
    }
    let lower = text.to_lowercase();
    let Some((scheme, rest)) = lower.split_once("://") else {
        return Err(format!("`{text}` has no scheme: write it like https://{text}"));
    };
    let default_port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return Err(format!("`{text}` is neither http:// nor https://")),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if !is_host(host) {
        return Err(format!(
            "`{text}` has no usable host: write it like {scheme}://chat.example.org, \
             names of other scripts in their xn-- form"
        ));
    }
    let port = match port.map(str::parse::<u16>) {
        None => None,
        Some(Ok(port)) if port > 0 => Some(port).filter(|port| *port != default_port),
        Some(_) => return Err(format!("`{text}` has no usable port: write 1 to 65535")),
    };
    let canonical = match port {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    };
    if canonical == text {
        Ok(())
    } else {
        Err(format!(
            "`{text}` is not how browsers write this origin (scheme, host and port alone): \
             write {canonical}"
        ))
    }
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    host.split('.').all(is_label)
}
