//! How a connection arrives: the head of its first request, the hand-over to HTTP, and the session
//! that an accepted handshake opens.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use liveloop_core::{SessionKey, SocketId, UserId};

use super::{Adopted, Client, Driver, HEAD_TIMEOUT, Handed, Head, Headed, Live};
use crate::{
    address::ConnectionPermit,
    clock::random_id,
    figures::{GivenUp, RequestKind},
    plane::{ConnId, Io, Net},
    session::{Origin, Session},
};

impl<N: Net> Driver<N> {
    pub(super) fn await_head(&mut self, io: &mut Io<N>, id: ConnId, head: Head) {
        self.clients.insert(id, Client::Head(head));
        let deadline = io.now() + HEAD_TIMEOUT;
        io.set_timer(id, deadline);
    }

    pub(super) fn read_head(&mut self, io: &mut Io<N>, id: ConnId, bytes: &mut [u8]) {
        let Some(Client::Head(head)) = self.clients.get_mut(id) else { return };
        let door = &self.wires.door;
        match head.take(bytes, "/ws", |headers, peer| door.admit(headers, peer)) {
            Headed::Partial => {}
            Headed::Http(read) => self.hand_to_http(io, id, read),
            Headed::Refused(problem) => {
                self.count_handshake(io, problem.status());
                io.queue_write(id, |out| out.extend_from_slice(&problem.to_http1()));
                io.close(id);
            }
            Headed::Upgrade { response, permit, mut rest, says_hello } => {
                self.count_handshake(io, 101);
                io.queue_write(id, |out| out.extend_from_slice(&response));
                self.open_session(io, id, permit, says_hello);
                if !rest.is_empty() {
                    self.read_frames(io, id, &mut rest);
                }
            }
        }
    }

    /// Handshakes are requests too, though no HTTP stack has seen them.
    pub(super) fn count_handshake(&self, io: &Io<N>, status: u16) {
        let node = &self.wires.door.node;
        let kind = RequestKind { method: "GET", endpoint: "/ws".into(), status };
        let now = node.clock.moment();
        node.shared.figures.requests.count(kind, now.since(io.now()), now);
    }

    pub(super) fn hand_to_http(&mut self, io: &mut Io<N>, id: ConnId, read: Vec<u8>) {
        let Some(Client::Head(head)) = self.clients.remove(id) else { return };
        self.hand_over(io, id, head, read);
    }

    pub(super) fn hand_over(&mut self, io: &mut Io<N>, id: ConnId, head: Head, read: Vec<u8>) {
        let Head { peer, permit, .. } = head;
        let Some(socket) = io.detach(id) else { return };
        if self.wires.http.try_send(Handed { socket, read, peer, permit }).is_err() {
            // Too many ask for pages at once; dropped, so closed.
            self.wires.door.node.shared.figures.count_given_up(GivenUp::Busy);
        }
    }

    /// Takes over a WebSocket that HTTP has let in.
    pub(super) fn adopt(&mut self, io: &mut Io<N>, adopted: Adopted<N>) {
        let Adopted { socket, secured, mut read, permit, says_hello } = adopted;
        let id = match secured {
            Some(secured) => io.open_secured(socket, secured),
            None => io.open(socket),
        };
        let Some(id) = id else { return };
        self.open_session(io, id, permit, says_hello);
        if !read.is_empty() {
            self.read_frames(io, id, &mut read);
        }
    }

    pub(super) fn open_session(
        &mut self,
        io: &mut Io<N>,
        id: ConnId,
        permit: ConnectionPermit,
        says_hello: bool,
    ) {
        let node = &self.wires.door.node;
        let figures = &node.shared.figures;
        figures.count_connection();
        figures.active_connections.fetch_add(1, Relaxed);
        let shared = Arc::clone(&node.shared);
        let origin = Origin {
            key: self.next_key(),
            socket: SocketId(random_id()),
            user: UserId(random_id()),
            outlet: id,
        };
        let session = Session::open(shared, &origin);
        self.clients.insert(id, Client::Live(Live { session, decoder: <_>::default(), permit }));
        let now = self.wires.door.node.clock.now_at(io.now());
        self.with_session(io, id, |session| match says_hello {
            true => session.await_hello(now.moment),
            false => session.greet(now),
        });
        if self.is_draining {
            self.drain_one(io, id);
        }
    }

    /// A key that no session of this node has had.
    pub(super) fn next_key(&mut self) -> SessionKey {
        self.last_session += 1;
        SessionKey(self.last_session << 8 | u64::from(self.thread))
    }
}
