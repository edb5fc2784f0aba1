//! Any text as the frame of a client: nothing panics, and the short way of reading a frame comes to
//! the same as the long one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use liveloop_protocol::{ClientFrame, Limits};

fuzz_target!(|text: &str| {
    let limits = Limits::for_testing();
    // Only a frame without white space before it is read the short way.
    let long_way = format!(" {text}");
    let (short, long) =
        (ClientFrame::decode(text, &limits), ClientFrame::decode(&long_way, &limits));
    assert_eq!(format!("{short:?}"), format!("{long:?}"));
});
