//! What a gateway can be set to: one struct for each concern, each with a default.
//!
//! Where a value comes from (flag, environment, file) is the binary's affair.

mod drain;
mod heartbeat;
mod ice;
mod io_uring;
mod matching;
mod messages;
mod metrics;
mod session;
mod site;
mod span;
mod store;
mod tls;

use ipnet::IpNet;
use liveloop_protocol::Limits;

pub use drain::Drain;
pub use heartbeat::Heartbeat;
pub use ice::Ice;
pub use io_uring::IoUring;
pub use matching::Matching;
pub use messages::Messages;
pub use metrics::Metrics;
pub use session::Session;
pub use site::Site;
pub use span::Span;
pub use store::Store;
pub use tls::Tls;

/// All settings of one gateway.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of this node, told in `welcome` and `/health`.
    pub node: String,
    /// Version of the software, told in `/health`.
    pub version: &'static str,
    /// Event-loop threads that own the connections; 0 chooses by the cores.
    pub threads: usize,
    /// How they send.
    pub io_uring: IoUring,
    /// Scheme, host and port under which browsers reach the site.
    pub public_url: Option<String>,
    /// Further origins (`https://chat.example.org`) whose pages may connect.
    pub origins: Vec<String>,
    /// Peers whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Bounds on what comes from outside.
    pub limits: Limits,
    /// How connections are watched.
    pub heartbeat: Heartbeat,
    /// How sessions survive their sockets.
    pub session: Session,
    /// What becomes of texts.
    pub messages: Messages,
    /// How the gateway stops.
    pub drain: Drain,
    /// Who may meet whom.
    pub matching: Matching,
    /// How long what is said is kept.
    pub store: Store,
    /// Who may read the metrics.
    pub metrics: Metrics,
    /// STUN and TURN servers.
    pub ice: Ice,
    /// What the page says of the site.
    pub site: Site,
}

impl Settings {
    /// How many event loops there are. Half of the cores by default: the kernel's network stack,
    /// HTTP and the proxy before the node need the others, and what stays on one thread costs least.
    #[must_use]
    pub fn threads(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let wanted = if self.threads == 0 { cores / 2 } else { self.threads };
        wanted.clamp(1, usize::from(u8::MAX))
    }

    /// Tiny limits and short times, so that a test reaches them with little effort.
    #[must_use]
    pub fn for_testing() -> Self {
        Self {
            node: "node-under-test".into(),
            version: env!("CARGO_PKG_VERSION"),
            threads: 2,
            io_uring: IoUring::default(),
            public_url: None,
            origins: Vec::new(),
            trusted_proxies: Vec::new(),
            limits: Limits::for_testing(),
            heartbeat: Heartbeat::for_testing(),
            session: Session::for_testing(),
            messages: Messages::default(),
            drain: Drain::for_testing(),
            matching: Matching { same_visitor: true, repeat: true, ..Matching::default() },
            store: Store::default(),
            metrics: Metrics::default(),
            ice: Ice::default(),
            site: Site::default(),
        }
    }
}
