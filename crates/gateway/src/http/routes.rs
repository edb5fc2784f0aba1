//! Every route, with its handler and what it is for: the router, what the metrics show at zero, and
//! `/openapi.json` are all made from this table.

use axum::{
    Router,
    http::{Method, StatusCode},
    routing::{MethodRouter, delete, get, post},
};
use liveloop_protocol::{ErrorCode, HistoryPage};

use super::{
    Web, channels, documents, health, messages, metrics,
    operation::{HTML, JSON, Operation, TEXT},
    own, page,
    paging::Fields,
    presence, rooms, status, users,
};
use crate::settings::Site;

/// The prefix of what is limited by address.
pub(super) const API: &str = "/api";

/// One method of one path.
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    handler: MethodRouter<Web>,
    pub(super) operation: Operation,
}

/// Who may ask from where.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// REST: pages of the allowed origins may ask, and each address so often.
    Api,
    /// The same pages may ask.
    Shared,
    /// Other pages may not.
    Own,
}

impl Route {
    pub(super) fn zone(&self) -> Zone {
        match self.path {
            path if path.starts_with(API) => Zone::Api,
            path if path.starts_with("/health") || path.ends_with(".json") => Zone::Shared,
            _ => Zone::Own,
        }
    }
}

/// The routes of one zone, with their paths below [`API`] where they are of it.
pub(super) fn of_zone(routes: &[Route], zone: Zone) -> Router<Web> {
    let routes = routes.iter().filter(|route| route.zone() == zone);
    routes.fold(Router::new(), |router, route| {
        let path = if zone == Zone::Api { &route.path[API.len()..] } else { route.path };
        router.route(path, route.handler.clone())
    })
}

fn reads(path: &'static str, handler: MethodRouter<Web>, operation: Operation) -> Route {
    Route { method: Method::GET, path, handler, operation }
}

fn makes(path: &'static str, handler: MethodRouter<Web>, operation: Operation) -> Route {
    Route { method: Method::POST, path, handler, operation }
}

fn removes(path: &'static str, handler: MethodRouter<Web>, operation: Operation) -> Route {
    Route { method: Method::DELETE, path, handler, operation }
}

/// All but the WebSocket, which `/asyncapi.json` describes.
pub(super) fn routes() -> Vec<Route> {
    let mut routes = about_the_node();
    routes.extend(for_visitors());
    routes.extend(for_rooms());
    routes.extend(for_people());
    for route in routes.iter_mut().filter(|route| route.zone() == Zone::Api) {
        route.operation.add_refusal(StatusCode::TOO_MANY_REQUESTS, &[ErrorCode::RateLimited]);
    }
    routes
}

fn about_the_node() -> Vec<Route> {
    let node = |id, summary| Operation::new(id, "node", summary);
    vec![
        reads(
            "/health",
            get(health::health),
            node("health", "How the node is.")
                .answers::<health::Health<'static>>(StatusCode::OK, "Calls go on.")
                .answers::<health::Health<'static>>(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "Send nobody here: the node drains, or cannot go on.",
                ),
        ),
        reads(
            "/health/live",
            get(health::live),
            node("isLive", "Whether the process runs.").answers_as(
                StatusCode::OK,
                TEXT,
                "It does.",
            ),
        ),
        reads(
            "/health/ready",
            get(health::ready),
            node("isReady", "Whether new visitors may be sent here.")
                .answers_as(StatusCode::OK, TEXT, "They may.")
                .answers_as(StatusCode::SERVICE_UNAVAILABLE, TEXT, "They may not."),
        ),
        reads(
            "/metrics",
            get(metrics::metrics),
            node(
                "metrics",
                "Figures for Prometheus; told to this machine and private networks alone, unless \
                 `metrics.public` is set.",
            )
            .answers_as(StatusCode::OK, TEXT, "In Prometheus's text format.")
            .refuses(StatusCode::FORBIDDEN, &[ErrorCode::NotAllowed])
            .refuses(StatusCode::TOO_MANY_REQUESTS, &[ErrorCode::RateLimited]),
        ),
        reads(
            "/api/status",
            get(status::status),
            node("status", "How many are here.")
                .answers::<status::Status>(StatusCode::OK, "Now, and since midnight (UTC)."),
        ),
        reads(
            "/api/site",
            get(status::site),
            node("site", "What the operator says of the site.")
                .answers::<Site>(StatusCode::OK, "Name, contact and rules."),
        ),
    ]
}

fn for_visitors() -> Vec<Route> {
    vec![
        makes(
            "/api/users",
            post(users::create),
            Operation::new("createUser", "visitors", "A visitor without a connection.")
                .takes::<users::NewUser>()
                .looks_up()
                .answers::<users::User>(StatusCode::CREATED, "Who they are, and their token."),
        ),
        reads(
            "/api/users/me/rooms",
            get(channels::own),
            Operation::new("ownRooms", "visitors", "One's own channels, but for calls.")
                .bearer()
                .query::<Fields>()
                .answers::<channels::Rooms<channels::OwnRoom>>(StatusCode::OK, "A page of them."),
        ),
        removes(
            "/api/users/me",
            delete(own::erase),
            Operation::new(
                "erase",
                "visitors",
                "Erases the visitor: what they have said becomes tombstones, they leave their channels, \
                 their sessions end, and their token is `bad-token`. Asked again it answers the same.",
            )
            .bearer()
            .answers_nothing(StatusCode::NO_CONTENT, "Nothing is left.")
            .answers_nothing(
                StatusCode::ACCEPTED,
                "They are nobody here any more; what they have said is being removed.",
            )
            .refuses(StatusCode::SERVICE_UNAVAILABLE, &[ErrorCode::Draining]),
        ),
        reads(
            "/api/users/me/export",
            get(own::export),
            Operation::new(
                "export",
                "visitors",
                "Everything that is the visitor's own, as a file. It breaks off where the store fails.",
            )
            .bearer()
            .answers::<own::Export>(StatusCode::OK, "What they are, are members of, and have said."),
        ),
        reads(
            "/api/users/{id}/presence",
            get(presence::presence),
            Operation::new(
                "presence",
                "visitors",
                "Whether somebody is online with whom one shares a lasting channel.",
            )
            .bearer()
            .path("id", "The visitor's `userId`.")
            .answers::<presence::Presence>(StatusCode::OK, "They are, or they are not.")
            .refuses(StatusCode::FORBIDDEN, &[ErrorCode::NotAllowed])
            .refuses(StatusCode::SERVICE_UNAVAILABLE, &[ErrorCode::Draining]),
        ),
    ]
}

fn for_rooms() -> Vec<Route> {
    let room = |id, summary| Operation::new(id, "rooms", summary);
    let of_room = |id, summary| {
        room(id, summary)
            .path("id", "The room.")
            .refuses(StatusCode::NOT_FOUND, &[ErrorCode::RoomNotFound])
    };
    vec![
        reads(
            "/api/rooms",
            get(channels::public),
            room("publicRooms", "The public groups.")
                .query::<Fields>()
                .looks_up()
                .answers::<channels::Rooms<channels::Room>>(StatusCode::OK, "A page of them."),
        ),
        makes(
            "/api/rooms",
            post(rooms::create),
            room("createRoom", "Makes a room, of which one is a member then.")
                .bearer()
                .takes::<rooms::NewRoom>()
                .body_required()
                .answers::<rooms::Room>(StatusCode::CREATED, "The id to join it by.")
                .refuses(StatusCode::FORBIDDEN, &[ErrorCode::NotAllowed])
                .refuses(StatusCode::SERVICE_UNAVAILABLE, &[ErrorCode::Draining]),
        ),
        reads(
            "/api/rooms/{id}",
            get(channels::one),
            of_room("room", "One room, for its members, and a public one for everybody.")
                .maybe_bearer()
                .answers::<channels::RoomSeen>(StatusCode::OK, "How it is.")
                .refuses(StatusCode::SERVICE_UNAVAILABLE, &[ErrorCode::Draining]),
        ),
        reads(
            "/api/rooms/{id}/members",
            get(channels::members),
            of_room("members", "Who is a member, for members.")
                .bearer()
                .query::<Fields>()
                .answers::<channels::Members>(StatusCode::OK, "A page of them."),
        ),
        reads(
            "/api/rooms/{id}/messages",
            get(messages::messages),
            of_room(
                "messages",
                "What was said, ascending by `seq`, as `history` gives it: for members, for those who \
                 were in a call, and of public groups for everybody.",
            )
            .maybe_bearer()
            .query::<messages::Fields>()
            .answers::<HistoryPage<'static>>(StatusCode::OK, "A page; empty past either end.")
            .refuses(StatusCode::SERVICE_UNAVAILABLE, &[ErrorCode::Draining]),
        ),
        makes(
            "/api/rooms/{id}/invite",
            post(rooms::invite),
            of_room("invite", "Makes another invitation; the former one is over. For the creator.")
                .bearer()
                .answers::<rooms::Invitation>(StatusCode::CREATED, "The link.")
                .refuses(StatusCode::FORBIDDEN, &[ErrorCode::NotAllowed]),
        ),
        removes(
            "/api/rooms/{id}/invite",
            delete(rooms::revoke),
            of_room("revokeInvite", "Ends the invitation. For the creator.")
                .bearer()
                .answers_nothing(StatusCode::NO_CONTENT, "There is none any more.")
                .refuses(StatusCode::FORBIDDEN, &[ErrorCode::NotAllowed]),
        ),
    ]
}

fn for_people() -> Vec<Route> {
    let document = |id, summary| Operation::new(id, "documents", summary);
    vec![
        reads("/", get(page::serve), document("page", "The page.").serves_file(HTML, "The page.")),
        reads(
            "/docs",
            get(documents::page),
            document("docs", "These documents for people, in one page without a script.")
                .serves_file(HTML, "The page."),
        ),
        reads(
            "/openapi.json",
            get(documents::openapi),
            document("openapi", "This document: OpenAPI 3.1.").serves_file(JSON, "The document."),
        ),
        reads(
            "/asyncapi.json",
            get(documents::asyncapi),
            document("asyncapi", "The WebSocket and its events: AsyncAPI 3.")
                .serves_file(JSON, "The document."),
        ),
    ]
}
