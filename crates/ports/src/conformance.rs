//! What every adapter must do. An adapter's tests call the function of its port with a way to make
//! an empty one; a failed guarantee panics with its name.

mod archive;
mod directory;
mod held;

use liveloop_core::{RoomId, UserId};

pub use archive::{archive, message, persistent_archive};
pub use directory::{directory, persistent_directory};
pub use held::HeldArchive;

const ROOM: RoomId = RoomId(7);
const ADA: UserId = UserId(1);
const BEN: UserId = UserId(2);
