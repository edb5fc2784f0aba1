//! core
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
/// The kind of a call.
pub enum Mode { /// v
 Video, /// a
 Audio, /// t
 Text }
