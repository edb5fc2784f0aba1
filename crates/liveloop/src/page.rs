//! The page, as the build embedded it.

use liveloop_gateway::{Page, PageFile};

include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// All files of the page.
pub(crate) const fn embedded() -> Page {
    Page { files: FILES }
}
