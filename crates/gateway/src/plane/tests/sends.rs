//! The two ways to send, so that what must hold is tested of both.

use super::{Rings, Sends};

/// Sends in batches, on a loop that would rather end than go without.
pub(super) fn batched() -> Sends {
    Sends::Batched { rings: Rings::default(), is_required: true }
}

/// Whether this kernel gives a ring. Only one without the system call may do without in CI: there,
/// nobody would read that half of the tests has not run.
pub(super) fn is_there() -> bool {
    let Err(error) = Rings::probe() else { return true };
    let is_unknown = error.kind() == std::io::ErrorKind::Unsupported;
    assert!(
        is_unknown || std::env::var_os("CI").is_none(),
        "io_uring cannot be tested here ({error}), and CI must: allow it, sysctl \
         kernel.io_uring_disabled=0 and the container's seccomp profile"
    );
    eprintln!("io_uring is NOT TESTED: this kernel gives none ({error})");
    false
}

/// Makes of each of these functions two tests: `by_write` and `by_ring`.
macro_rules! in_both_ways {
    ($($test:ident,)*) => {$(
        mod $test {
            #[test]
            fn by_write() {
                super::$test($crate::plane::Sends::Each);
            }

            #[test]
            fn by_ring() {
                if $crate::plane::tests::sends::is_there() {
                    super::$test($crate::plane::tests::sends::batched());
                }
            }
        }
    )*};
}
pub(super) use in_both_ways;
