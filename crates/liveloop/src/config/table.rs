//! Every setting there is, once. Flags, environment variables, the TOML file, `config print` and
//! docs/configuration.md are all made from this table; a test compares it with [`super::Config`].

use super::{Kind, Setting};

/// In the order in which people read them.
pub(crate) static SETTINGS: &[Setting] = &[
    Setting::new(
        "listen",
        Kind::Address,
        "Address and port to listen on. Port 0 takes a free one.",
    )
    .common(),
    Setting::new(
        "data",
        Kind::Path,
        "Folder for what must outlive a restart; it is created with mode 0700.",
    )
    .unset("the data folder of this platform")
    .common(),
    Setting::new(
        "node",
        Kind::Text,
        "Name of this server process, told in `welcome` and `/health`.",
    )
    .unset("made at the first start and kept in the data folder")
    .common(),
    Setting::new(
        "secret_file",
        Kind::Path,
        "File with the secret that signs visitors' tokens, 16 characters or more.",
    )
    .unset("LIVELOOP_SECRET, else a secret made at the first start and kept in the data folder"),
    Setting::new(
        "threads",
        Kind::Number,
        "Event-loop threads that own the connections; 0 takes half of the cores.",
    ),
    Setting::new(
        "io_uring",
        Kind::Choice(&["auto", "on", "off"]),
        "Send to many sockets in one system call: `auto` where the kernel allows it.",
    ),
    Setting::new(
        "public_url",
        Kind::Text,
        "Scheme, host and port under which browsers reach the site: `https://chat.example.org`.",
    )
    .unset("browsers reach it under the address that they ask for")
    .common(),
    Setting::new(
        "origins",
        Kind::Words,
        "Other sites whose pages may connect, each as scheme, host and port.",
    )
    .common(),
    Setting::new(
        "trusted_proxies",
        Kind::Networks,
        "Networks of your reverse proxies (`10.0.0.0/8`), whose X-Forwarded-For is believed.",
    )
    .common(),
    Setting::new(
        "tls.cert",
        Kind::Path,
        "File with the certificate in PEM, the server's own first and then those that vouch for it. \
         Read again on SIGHUP and when it changes.",
    )
    .unset("no TLS: plain http, for this machine or behind a reverse proxy with TLS")
    .common(),
    Setting::new("tls.key", Kind::Path, "File with the private key of tls.cert in PEM.")
        .unset("no TLS; both are set, or neither")
        .common(),
    Setting::new("limits.frame_bytes", Kind::Number, "Longest frame from a client, in bytes."),
    Setting::new("limits.message_chars", Kind::Number, "Longest text message, in characters."),
    Setting::new("limits.name_chars", Kind::Number, "Longest name of a visitor, in characters."),
    Setting::new("limits.image_bytes", Kind::Number, "Longest picture of a visitor, in bytes."),
    Setting::new(
        "limits.images_total_bytes",
        Kind::Number,
        "Memory for all pictures together, in bytes; what does not fit is dropped.",
    ),
    Setting::new("limits.interests", Kind::Number, "How many interests a visitor may name."),
    Setting::new("limits.interest_chars", Kind::Number, "Longest interest, in characters."),
    Setting::new(
        "limits.json_depth",
        Kind::Number,
        "Deepest nesting of arrays and objects in an offer, answer or candidate.",
    ),
    Setting::new("limits.events_per_second", Kind::Number, "Events of one client, per second."),
    Setting::new(
        "limits.events_per_second_burst",
        Kind::Number,
        "Events of one client that may come at once.",
    ),
    Setting::new("limits.messages_per_second", Kind::Number, "Texts of one client, per second."),
    Setting::new(
        "limits.messages_per_second_burst",
        Kind::Number,
        "Texts of one client that may come at once.",
    ),
    Setting::new(
        "limits.requests_per_minute",
        Kind::Number,
        "Requests for a partner of one client, per minute.",
    ),
    Setting::new(
        "limits.requests_per_minute_burst",
        Kind::Number,
        "Requests for a partner of one client that may come at once.",
    ),
    Setting::new(
        "limits.connections_per_address",
        Kind::Number,
        "Live connections of one address, and lost ones that may still be resumed (an IPv6 address \
         counts by its /64).",
    ),
    Setting::new(
        "limits.upgrades_per_second",
        Kind::Number,
        "New connections per second, all addresses together.",
    ),
    Setting::new(
        "limits.upgrades_per_address_per_second",
        Kind::Number,
        "New connections per second of one address.",
    ),
    Setting::new(
        "limits.rest_per_address_per_second",
        Kind::Number,
        "REST requests of one address, per second.",
    ),
    Setting::new(
        "limits.rest_per_address_per_second_burst",
        Kind::Number,
        "REST requests of one address that may come at once.",
    ),
    Setting::new(
        "limits.users_per_address_per_minute",
        Kind::Number,
        "Visitors that one address may make by REST, per minute.",
    ),
    Setting::new(
        "limits.users_per_address_per_minute_burst",
        Kind::Number,
        "Visitors that one address may make by REST at once.",
    ),
    Setting::new(
        "limits.groups_per_address_per_minute",
        Kind::Number,
        "Groups that one address may make, per minute.",
    ),
    Setting::new(
        "limits.groups_per_address_per_minute_burst",
        Kind::Number,
        "Groups that one address may make at once.",
    ),
    Setting::new(
        "limits.exports_per_address_per_minute",
        Kind::Number,
        "How often one address may take along, or have erased, what is a visitor's, per minute.",
    ),
    Setting::new(
        "limits.exports_per_address_per_minute_burst",
        Kind::Number,
        "How often it may do so at once.",
    ),
    Setting::new(
        "limits.groups_per_visitor",
        Kind::Number,
        "Groups of one visitor's making that there may be at a time.",
    ),
    Setting::new("limits.group_members", Kind::Number, "Members of one group."),
    Setting::new(
        "limits.groups_per_connection",
        Kind::Number,
        "Channels that one connection may listen to.",
    ),
    Setting::new(
        "limits.watched_visitors",
        Kind::Number,
        "Visitors whose presence one connection may watch.",
    ),
    Setting::new(
        "limits.outbox_bytes",
        Kind::Number,
        "Bytes that may wait for a slow reader before its connection is cut.",
    ),
    Setting::new("heartbeat.interval", Kind::Duration, "How often the server pings a connection."),
    Setting::new(
        "heartbeat.timeout",
        Kind::Duration,
        "How long after a ping a silent connection is cut.",
    ),
    Setting::new(
        "session.grace",
        Kind::Duration,
        "How long a visitor whose connection is lost may come back to their call, their place in the \
         queue and their channels.",
    ),
    Setting::new(
        "session.grace_closed",
        Kind::Duration,
        "The same after the page has closed the connection itself: a reload fits.",
    ),
    Setting::new(
        "session.replay_bytes",
        Kind::Number,
        "What is kept of what was sent to a visitor, to be sent again after a lost connection, in \
         bytes each.",
    ),
    Setting::new(
        "messages.change_within",
        Kind::Duration,
        "How long after it was said a text may be edited or deleted by whoever said it.",
    ),
    Setting::new(
        "drain.deadline",
        Kind::Duration,
        "After SIGTERM or Ctrl-C the server has stopped this much later, whatever its clients do.",
    ),
    Setting::new(
        "drain.reconnect_within",
        Kind::Duration,
        "When the server stops, clients are told to come back at moments spread over this long.",
    ),
    Setting::new(
        "matching.same_visitor",
        Kind::Switch,
        "Whether two windows of one visitor may meet each other.",
    )
    .unset(
        "on where only this machine can connect (a loopback `listen`, and none of public_url, \
         origins, trusted_proxies and tls set), else off",
    ),
    Setting::new(
        "matching.repeat",
        Kind::Switch,
        "Whether two who have met may meet again at once, as if nobody were remembered.",
    )
    .unset(
        "on where only this machine can connect (a loopback `listen`, and none of public_url, \
         origins, trusted_proxies and tls set), else off",
    ),
    Setting::new(
        "matching.memory_partners",
        Kind::Number,
        "How many of their last partners a visitor does not meet again; 0 remembers nobody.",
    ),
    Setting::new(
        "matching.memory_time",
        Kind::Duration,
        "For how long a partner is remembered.",
    ),
    Setting::new(
        "matching.relax_interests_after",
        Kind::Duration,
        "After waiting so long a visitor also meets who shares no interest with them; 0s: from the \
         start.",
    ),
    Setting::new(
        "matching.relax_languages_after",
        Kind::Duration,
        "After waiting so long also who shares no language; no shorter than \
         matching.relax_interests_after.",
    ),
    Setting::new(
        "store.retention_calls",
        Kind::Duration,
        "How long is kept what is said in calls; 0s keeps it for ever.",
    ),
    Setting::new(
        "store.retention_channels",
        Kind::Duration,
        "How long is kept what is said in channels; 0s keeps it for ever.",
    ),
    Setting::new(
        "metrics.public",
        Kind::Switch,
        "Whether /metrics answers everybody; else only this machine and private networks, and \
         never what a proxy has forwarded.",
    ),
    Setting::new(
        "ice.servers",
        Kind::IceServers,
        "STUN and TURN servers, each with `urls` and, for TURN, `username` and `credential`. \
         Without any, calls work between browsers on one machine or network only.",
    ),
    Setting::new(
        "ice.candidate_pool_size",
        Kind::Number,
        "How many network candidates a browser gathers ahead of a call, 0 to 10.",
    ),
    Setting::new("site.name", Kind::Text, "Name of the site, on the page."),
    Setting::new(
        "site.contact",
        Kind::Text,
        "Where visitors reach you: a mail address or an http(s) URL.",
    )
    .unset("the page names no contact"),
    Setting::new("site.rules", Kind::Sentences, "Rules of the site, one sentence each."),
    Setting::new(
        "log.level",
        Kind::Choice(&["error", "warn", "info", "debug", "trace"]),
        "How much Live Loop logs. Libraries never log below `warn`.",
    )
    .common(),
    Setting::new(
        "log.format",
        Kind::Choice(&["auto", "text", "json"]),
        "`auto` writes text on a terminal and JSON otherwise.",
    ),
    Setting::new(
        "log.file",
        Kind::Path,
        "Log into this file too; a new one begins each day, with the date after its name.",
    )
    .unset("the log goes to standard error alone")
    .common(),
    Setting::new("log.files_kept", Kind::Number, "How many days' log files are kept."),
];

/// The setting at a path.
pub(crate) fn find(path: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.path == path)
}
