//! The async shell: accepts connections, speaks HTTP and WebSocket, drives sessions and the lobby,
//! and stops in order.

pub mod settings;
