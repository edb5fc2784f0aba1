//! Who is at the other end: the client's address behind trusted proxies, and what each address may
//! take.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http::HeaderMap;
use ipnet::IpNet;
use liveloop_core::{Moment, Rate, TokenBucket};
use liveloop_protocol::Limits;

/// The address that limits count by: an IPv6 address stands for its /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AddressKey(IpAddr);

impl AddressKey {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let network = v6.to_bits() & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// Whether the TCP peer is a proxy whose forwarding headers are believed.
pub(crate) fn is_trusted(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|network| network.contains(&peer))
}

/// The client's address: the rightmost hop of `X-Forwarded-For` that is not itself trusted, where
/// the peer is; the peer's own otherwise, and where the header is not a list of addresses.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let mut client = peer;
    for value in headers.get_all("x-forwarded-for").iter().rev() {
        let Ok(value) = value.to_str() else { return client };
        for hop in value.rsplit(',') {
            let Ok(hop) = hop.trim().parse::<IpAddr>() else { return client };
            client = hop;
            if !is_trusted(hop, trusted) {
                return client;
            }
        }
    }
    client
}

/// What one address has taken.
#[derive(Debug, Default)]
struct Taken {
    /// WebSockets.
    connections: u32,
    /// Sockets that speak HTTP, or have yet to say what they want.
    http: u32,
    upgrades: TokenBucket,
    rest: TokenBucket,
    users: TokenBucket,
    groups: TokenBucket,
    exports: TokenBucket,
}

#[derive(Debug, Default)]
struct Book {
    by_address: HashMap<AddressKey, Taken>,
    upgrades: TokenBucket,
    /// Entries are swept when there are twice as many as after the last sweep.
    sweep_at: usize,
}

/// Why an address may not do what it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Too many connections of this address.
    TooManyConnections,
    /// Too fast; again after this long.
    TooFast(Duration),
    /// The node as a whole is too busy; again after this long.
    Busy(Duration),
}

/// What each address has taken, of connections, upgrades and REST requests.
#[derive(Debug)]
pub(crate) struct AddressBook {
    connections_max: u32,
    upgrades_rate: Rate,
    upgrades_all_rate: Rate,
    rest_rate: Rate,
    users_rate: Rate,
    groups_rate: Rate,
    exports_rate: Rate,
    /// A lock, because requests of all threads count here: once a connection or REST request,
    /// never per message, and never held while waiting.
    book: Mutex<Book>,
}

/// What a permit is for.
#[derive(Clone, Copy, Debug)]
enum Kind {
    WebSocket,
    Http,
}

impl Taken {
    fn count(&mut self, kind: Kind) -> &mut u32 {
        match kind {
            Kind::WebSocket => &mut self.connections,
            Kind::Http => &mut self.http,
        }
    }
}

/// A connection's place in the book; given back when dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    book: Arc<AddressBook>,
    address: AddressKey,
    kind: Kind,
}

const SWEEP_MIN: usize = 1_024;
/// An address may have as many HTTP connections as WebSockets, and at least these: a browser opens
/// six, and that one has gone is noticed a moment later.
const HTTP_CONNECTIONS_MIN: u32 = 64;

impl AddressBook {
    pub(crate) fn new(limits: &Limits) -> Self {
        let at_once = |count: u32| Rate::per_second(count, count);
        Self {
            connections_max: limits.connections_per_address,
            upgrades_rate: at_once(limits.upgrades_per_address_per_second),
            upgrades_all_rate: at_once(limits.upgrades_per_second),
            rest_rate: Rate::per_second(
                limits.rest_per_address_per_second,
                limits.rest_per_address_per_second_burst,
            ),
            users_rate: Rate::per_minute(
                limits.users_per_address_per_minute,
                limits.users_per_address_per_minute_burst,
            ),
            groups_rate: Rate::per_minute(
                limits.groups_per_address_per_minute,
                limits.groups_per_address_per_minute_burst,
            ),
            exports_rate: Rate::per_minute(
                limits.exports_per_address_per_minute,
                limits.exports_per_address_per_minute_burst,
            ),
            book: Mutex::new(Book { sweep_at: SWEEP_MIN, ..Book::default() }),
        }
    }

    /// Lets one more connection of `address` in.
    pub(crate) fn admit(
        self: &Arc<Self>,
        address: AddressKey,
        now: Moment,
    ) -> Result<ConnectionPermit, Denied> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.sweep(now);
        let taken = book.by_address.entry(address).or_default();
        if self.connections_max > 0 && taken.connections >= self.connections_max {
            return Err(Denied::TooManyConnections);
        }
        taken.upgrades.take(self.upgrades_rate, now).map_err(Denied::TooFast)?;
        book.upgrades.take(self.upgrades_all_rate, now).map_err(Denied::Busy)?;
        let kind = Kind::WebSocket;
        *book.by_address.entry(address).or_default().count(kind) += 1;
        Ok(ConnectionPermit { book: Arc::clone(self), address, kind })
    }

    /// Lets one more HTTP connection of `address` in.
    pub(crate) fn admit_http(
        self: &Arc<Self>,
        address: AddressKey,
        now: Moment,
    ) -> Result<ConnectionPermit, Denied> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.sweep(now);
        let taken = book.by_address.entry(address).or_default();
        let is_full = taken.http >= self.connections_max.max(HTTP_CONNECTIONS_MIN);
        if self.connections_max > 0 && is_full {
            return Err(Denied::TooManyConnections);
        }
        let kind = Kind::Http;
        *taken.count(kind) += 1;
        Ok(ConnectionPermit { book: Arc::clone(self), address, kind })
    }

    /// Lets `address` make one more visitor.
    pub(crate) fn admit_user(&self, address: AddressKey, now: Moment) -> Result<(), Denied> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.sweep(now);
        let taken = book.by_address.entry(address).or_default();
        taken.users.take(self.users_rate, now).map_err(Denied::TooFast)
    }

    /// Lets `address` make one more group.
    pub(crate) fn admit_group(&self, address: AddressKey, now: Moment) -> Result<(), Denied> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.sweep(now);
        let taken = book.by_address.entry(address).or_default();
        taken.groups.take(self.groups_rate, now).map_err(Denied::TooFast)
    }

    /// Lets `address` take along, or have erased, what is one more visitor's.
    pub(crate) fn admit_export(&self, address: AddressKey, now: Moment) -> Result<(), Denied> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.sweep(now);
        let taken = book.by_address.entry(address).or_default();
        taken.exports.take(self.exports_rate, now).map_err(Denied::TooFast)
    }

    /// Permits that are out, and addresses of which something is known.
    pub(crate) fn held(&self) -> (usize, usize) {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let permits = book.by_address.values().map(|taken| taken.connections + taken.http);
        (permits.map(|count| count as usize).sum(), book.by_address.len())
    }

    /// Lets one more REST request of `address` in.
    pub(crate) fn admit_rest(&self, address: AddressKey, now: Moment) -> Result<(), Denied> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.sweep(now);
        let taken = book.by_address.entry(address).or_default();
        taken.rest.take(self.rest_rate, now).map_err(Denied::TooFast)
    }
}

impl Book {
    /// Forgets addresses that hold nothing; costs little per entry, for it waits until they have
    /// doubled.
    fn sweep(&mut self, now: Moment) {
        if self.by_address.len() < self.sweep_at {
            return;
        }
        self.by_address.retain(|_, taken| {
            taken.connections > 0
                || taken.http > 0
                || !taken.upgrades.is_full(now)
                || !taken.rest.is_full(now)
                || !taken.users.is_full(now)
                || !taken.groups.is_full(now)
                || !taken.exports.is_full(now)
        });
        self.sweep_at = SWEEP_MIN.max(2 * self.by_address.len());
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut book = self.book.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = book.by_address.get_mut(&self.address) {
            let count = taken.count(self.kind);
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|v| ("x-forwarded-for".parse().unwrap(), v.parse().unwrap())).collect()
    }

    #[track_caller]
    fn check(peer: &str, forwarded: &[&str], expected: &str) {
        let trusted: Vec<IpNet> =
            ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().unwrap()).to_vec();
        let client = client_address(peer.parse().unwrap(), &headers(forwarded), &trusted);
        assert_eq!(client, expected.parse::<IpAddr>().unwrap());
    }

    #[test]
    fn only_a_trusted_peer_is_believed() {
        check("192.0.2.1", &["198.51.100.9"], "192.0.2.1");
        check("10.0.0.1", &["198.51.100.9"], "198.51.100.9");
        check("::ffff:10.0.0.1", &["198.51.100.9"], "198.51.100.9");
    }

    #[test]
    fn the_rightmost_hop_that_is_not_ours_is_the_client() {
        check("10.0.0.1", &["203.0.113.5, 198.51.100.9, 10.0.0.2"], "198.51.100.9");
        check("10.0.0.1", &["203.0.113.5", "198.51.100.9"], "198.51.100.9");
        check("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3");
        check("10.0.0.1", &["198.51.100.9, nonsense"], "10.0.0.1");
        check("10.0.0.1", &["nonsense, 198.51.100.9"], "198.51.100.9");
        check("10.0.0.1", &[], "10.0.0.1");
    }

    #[test]
    fn ipv6_counts_by_its_64() {
        let key = |text: &str| AddressKey::of(text.parse().unwrap());
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }

    #[test]
    fn an_address_has_so_many_connections_and_no_more() {
        let limits = Limits { connections_per_address: 2, ..Limits::default() };
        let book = Arc::new(AddressBook::new(&limits));
        let key = |n: u8| AddressKey::of(IpAddr::from([192, 0, 2, n]));
        let first = book.admit(key(1), Moment::default()).unwrap();
        let _second = book.admit(key(1), Moment::default()).unwrap();
        let third = book.admit(key(1), Moment::default());
        assert_eq!(third.unwrap_err(), Denied::TooManyConnections);
        assert!(book.admit(key(2), Moment::default()).is_ok());
        drop(first);
        assert!(book.admit(key(1), Moment::default()).is_ok());
    }

    #[test]
    fn what_holds_nothing_is_forgotten() {
        let book = Arc::new(AddressBook::new(&Limits::default()));
        for n in 0..10_000_u32 {
            let now = Moment::from_millis(u64::from(n) * 100);
            let key = AddressKey::of(IpAddr::from(n.to_be_bytes()));
            book.admit_rest(key, now).unwrap();
            drop(book.admit(key, now));
        }
        assert!(book.book.lock().unwrap().by_address.len() <= SWEEP_MIN);
    }
}
