//! Which events are logged, and which never are.

use tracing::Level;

use super::*;

#[test]
fn other_crates_never_log_below_warn() {
    for level in [LevelFilter::ERROR, LevelFilter::INFO, LevelFilter::TRACE] {
        let targets = targets(level);
        for foreign in ["hyper::proto", "tokio_tungstenite", "mio", "axum::rejection"] {
            assert!(!targets.would_enable(foreign, &Level::INFO));
            assert!(!targets.would_enable(foreign, &Level::TRACE));
        }
    }
    assert!(targets(LevelFilter::TRACE).would_enable("hyper", &Level::WARN));
    assert!(!targets(LevelFilter::ERROR).would_enable("hyper", &Level::WARN));
}

#[test]
fn our_crates_log_from_the_chosen_level_on() {
    let targets = targets(LevelFilter::DEBUG);
    for ours in ["liveloop::serve", "liveloop_gateway::session", "liveloop_core"] {
        assert!(targets.would_enable(ours, &Level::DEBUG));
        assert!(!targets.would_enable(ours, &Level::TRACE));
    }
}
