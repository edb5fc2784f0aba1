//! Many sends in one system call: a submission and completion queue shared with the kernel
//! (io_uring), used for nothing but the sends of one flush.
//!
//! The only module with `unsafe`. What makes it sound: the kernel reads a buffer only between the
//! call that submits it and its completion, and [`Ring::send_each`] borrows all buffers and sockets
//! and does not come back, return or unwind, before every completion has. Where it cannot learn
//! that, the process ends. It knows no connection.

use std::{
    fmt, io,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd},
        unix::net::UnixStream,
    },
    process::abort,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use io_uring::{IoUring, Probe, opcode, squeue, types::Fd};

/// How many sends one system call takes.
pub(super) const BATCH_MAX: usize = 256;
/// The most of a buffer that one send takes, in bytes; the rest is the caller's, as after any short
/// send.
const SEND_BYTES_MAX: usize = 1 << 30;
/// A full socket is told at once instead of being waited for, and one that is closed by a result
/// instead of a signal.
const FLAGS: i32 = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;

/// What one send has come to, like a `write`; `None` where it was not tried and nothing went out.
pub(super) type Sent = Option<io::Result<usize>>;

/// The queues. They belong to the thread that made them.
pub(super) struct Ring {
    /// `None` once the kernel has refused to go on.
    queues: Option<IoUring>,
    staged: Vec<squeue::Entry>,
    rings: Rings,
}

/// How many rings are in use; whoever counts theirs shares it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rings(Arc<AtomicU64>);

impl Rings {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Makes one and gives it back.
    ///
    /// # Errors
    /// As of a ring's making.
    pub(crate) fn probe() -> io::Result<()> {
        Ring::new(&Self::default()).map(drop)
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").field("is_open", &self.queues.is_some()).finish_non_exhaustive()
    }
}

impl Ring {
    /// # Errors
    /// Where the kernel gives no ring, as in many containers (`EPERM`, `ENOSYS`), or one that cannot
    /// send.
    pub(super) fn new(rings: &Rings) -> io::Result<Self> {
        let entries = u32::try_from(BATCH_MAX).expect("a batch is small");
        let queues = match builder().build(entries) {
            // A kernel that does not know some of these does without.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => IoUring::new(entries),
            outcome => outcome,
        }?;
        let mut probe = Probe::new();
        queues.submitter().register_probe(&mut probe)?;
        if !probe.is_supported(opcode::Send::CODE) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        rings.0.fetch_add(1, Relaxed);
        let (queues, staged) = (Some(queues), Vec::with_capacity(BATCH_MAX));
        let mut ring = Self { queues, staged, rings: rings.clone() };
        ring.try_out()?;
        Ok(ring)
    }

    /// Sends once to a socket of its own: a filter may allow a ring to be made and not to be used.
    fn try_out(&mut self) -> io::Result<()> {
        let (one, _other) = UnixStream::pair()?;
        let mut sent = Vec::new();
        self.send_each(std::iter::once(Some((one.as_fd(), b"?".as_slice()))), &mut sent)?;
        match sent.pop().flatten() {
            Some(Ok(1)) => Ok(()),
            Some(Err(error)) => Err(error),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Tries each send once, without waiting for its socket, and puts what became of the n-th into
    /// the n-th place of `sent`. Among several to one socket, no order is promised.
    ///
    /// # Errors
    /// Where the kernel takes no more of them: those that are `None` were not tried, and this ring
    /// tries none any more.
    pub(super) fn send_each<'a>(
        &mut self,
        sends: impl Iterator<Item = Option<(BorrowedFd<'a>, &'a [u8])>>,
        sent: &mut Vec<Sent>,
    ) -> io::Result<()> {
        sent.clear();
        self.staged.clear();
        for (place, send) in sends.enumerate() {
            sent.push(None);
            if let Some((socket, bytes)) = send {
                self.staged.push(entry(socket, bytes, place));
            }
        }
        let Some(mut queues) = self.queues.take() else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        for batch in self.staged.chunks(BATCH_MAX) {
            // SAFETY: each entry is one of `entry`'s for a socket and bytes that are borrowed for
            // `'a`, which outlives this call.
            unsafe { send_batch(&mut queues, batch, sent) }?;
        }
        self.queues = Some(queues);
        Ok(())
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.rings.0.fetch_sub(1, Relaxed);
    }
}

fn builder() -> io_uring::Builder {
    let mut builder = IoUring::builder();
    builder.setup_single_issuer().setup_defer_taskrun().setup_submit_all();
    builder
}

/// Whoever submits it answers for the lifetimes of both.
fn entry(socket: BorrowedFd<'_>, bytes: &[u8], place: usize) -> squeue::Entry {
    let len = u32::try_from(bytes.len().min(SEND_BYTES_MAX)).expect("bounded just now");
    opcode::Send::new(Fd(socket.as_raw_fd()), bytes.as_ptr(), len)
        .flags(FLAGS)
        .build()
        .user_data(place as u64)
}

/// Submits all of `batch`, at most [`BATCH_MAX`] entries, and comes back when the kernel has done
/// with each. On an error it has done with those that it took, and `queues` must not be entered
/// again, for it may hold others: they are dropped with it.
///
/// # Safety
/// The descriptor and the bytes of each entry must stay what they are until this returns.
unsafe fn send_batch(
    queues: &mut IoUring,
    batch: &[squeue::Entry],
    sent: &mut [Sent],
) -> io::Result<()> {
    let unwinding = AbortOnUnwind;
    // SAFETY: the caller keeps descriptors and bytes until this returns, and it returns when every
    // entry that the kernel has taken has its completion. The kernel takes entries only when it is
    // entered (no kernel thread polls this ring), and on an error it never is again.
    let pushed = unsafe { queues.submission().push_multiple(batch) };
    // The queue is as long as a batch may be and empty between batches.
    let mut outcome = pushed.map_err(|_| io::ErrorKind::StorageFull.into());
    let mut open = if outcome.is_ok() { batch.len() } else { 0 };
    while open > 0 {
        let entered = queues.submit_and_wait(open);
        // The completion queue has twice the places of the other one, so that it cannot overflow.
        for done in queues.completion() {
            open -= 1;
            if let Some(place) =
                usize::try_from(done.user_data()).ok().and_then(|n| sent.get_mut(n))
            {
                *place = Some(outcome_of(done.result()));
            }
        }
        let Err(error) = entered else { continue };
        let in_flight = open - queues.submission().len();
        match error.kind() {
            io::ErrorKind::Interrupted => {}
            _ if in_flight == 0 => {
                outcome = Err(error);
                break;
            }
            // Short of memory, or of room for completions that were taken out just now.
            io::ErrorKind::WouldBlock | io::ErrorKind::ResourceBusy => {}
            _ => {
                tracing::error!(%error, in_flight, "io_uring is lost in mid-send: aborting");
                abort();
            }
        }
    }
    std::mem::forget(unwinding);
    outcome
}

/// Ends the process where a panic would give buffers back that the kernel may still read.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        abort();
    }
}

/// The kernel tells a failure as its negative number.
fn outcome_of(result: i32) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::from_raw_os_error(result.wrapping_neg()))
}
