//! What only a batch can get wrong: whose outcome is whose, what one failure does to the others, and
//! a kernel that gives no ring, or takes it away.

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use socket2::SockRef;

use super::{
    sends::{batched, in_both_ways, is_there},
    turns::{Heard, Loop},
    *,
};

/// Far more than the kernel buffers for one connection.
const OWED: usize = 32 << 20;
/// More than one system call takes.
const MANY: usize = uring::BATCH_MAX + 44;

in_both_ways! {
    each_of_many_gets_their_own_bytes,
    full_sockets_and_lost_ones_harm_no_other_in_the_batch,
    one_that_is_written_to_again_and_again_in_a_turn_gets_it_once_and_in_order,
    descriptors_and_slots_are_used_again_under_back_pressure,
}

/// As many bytes for each as make the batch uneven, all of them its owner's.
fn letter_to(n: usize) -> Vec<u8> {
    u32::try_from(n).unwrap().to_be_bytes().repeat(1 + n * 7 % 1_000)
}

fn each_of_many_gets_their_own_bytes(sends: Sends) {
    let plane = Loop::start(0, sends);
    let mut clients: Vec<_> = (0..MANY).map(|_| plane.connect()).collect();
    let ids: Vec<ConnId> = clients.iter().map(|(_, id)| *id).collect();
    for _ in 0..3 {
        let ids = ids.clone();
        plane.act(move |io| {
            for (n, id) in ids.into_iter().enumerate() {
                io.queue_write(id, |out| out.extend(letter_to(n)));
            }
        });
        for (n, (client, _)) in clients.iter_mut().enumerate() {
            let mut letter = letter_to(n);
            let expected = letter.clone();
            client.read_exact(&mut letter).unwrap();
            assert!(letter == expected, "another's bytes for {n}");
        }
    }
}

fn full_sockets_and_lost_ones_harm_no_other_in_the_batch(sends: Sends) {
    let plane = Loop::start(0, sends);
    let mut clients: BTreeMap<usize, _> = (0..60).map(|n| (n, plane.connect())).collect();
    let ids: Vec<ConnId> = clients.values().map(|(_, id)| *id).collect();
    let (held, is_held) = channel();
    let (go_on, may_go_on) = channel::<()>();
    // A third is owed too much, and a third is reset after the loop has last looked at its sockets.
    let owed = ids.clone();
    plane.link.post(Box::new(move |_, io| {
        held.send(()).unwrap();
        may_go_on.recv().unwrap();
        for (n, id) in owed.into_iter().enumerate() {
            let len = if n % 3 == 0 { OWED / 8 } else { 10_000 };
            io.queue_write(id, |out| out.resize(len, u8::try_from(n).unwrap()));
        }
    }));
    is_held.recv().unwrap();
    for n in (1..60).step_by(3) {
        let (client, _) = clients.remove(&n).unwrap();
        SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    }
    go_on.send(()).unwrap();
    for (n, (client, _)) in &mut clients {
        let mut bytes = vec![0; if n % 3 == 0 { OWED / 8 } else { 10_000 }];
        client.read_exact(&mut bytes).unwrap();
        assert!(bytes.iter().all(|byte| usize::from(*byte) == *n), "another's bytes for {n}");
    }
    let mut gone: Vec<_> = (1..60).step_by(3).map(|_| plane.next()).collect();
    gone.retain(|heard| !matches!(heard, Heard::Gone(id) if ids.iter().skip(1).step_by(3).any(|it| it == id)));
    assert_eq!(gone, [], "only who has left is gone");
    assert_eq!(plane.settled(), []);
}

fn one_that_is_written_to_again_and_again_in_a_turn_gets_it_once_and_in_order(sends: Sends) {
    let plane = Loop::start(0, sends);
    let mut clients: Vec<_> = (0..8).map(|_| plane.connect()).collect();
    let ids: Vec<ConnId> = clients.iter().map(|(_, id)| *id).collect();
    plane.act(move |io| {
        for round in 0..100_u8 {
            for id in &ids {
                io.queue_write(*id, |out| out.push(round));
            }
        }
        // One that is dirty already, and one that is so by its close alone.
        io.close(ids[0]);
    });
    for (client, _) in &mut clients {
        let mut bytes = [0; 100];
        client.read_exact(&mut bytes).unwrap();
        assert!(bytes.iter().copied().eq(0..100));
    }
    assert_eq!(clients[0].0.read(&mut [0]).unwrap(), 0, "it is shut after its last words");
}

fn descriptors_and_slots_are_used_again_under_back_pressure(sends: Sends) {
    const AT_ONCE: usize = 20;
    let plane = Loop::start(0, sends);
    for round in 0..100_usize {
        let mut clients: Vec<_> = (0..AT_ONCE).map(|_| plane.connect()).collect();
        let ids: Vec<ConnId> = clients.iter().map(|(_, id)| *id).collect();
        plane.act(move |io| {
            for (n, id) in ids.into_iter().enumerate() {
                let stamp = u32::try_from(round * AT_ONCE + n).unwrap().to_be_bytes();
                io.queue_write(id, |out| {
                    // Every other one is owed more than its socket takes, and leaves with it unread.
                    let repeats = if n % 2 == 0 { 2 << 20 } else { 1 + n };
                    out.extend(stamp.repeat(repeats));
                });
            }
        });
        for (n, (client, _)) in clients.iter_mut().enumerate() {
            let stamp = u32::try_from(round * AT_ONCE + n).unwrap().to_be_bytes();
            let mut bytes = vec![0; 4 * (1 + n)];
            client.read_exact(&mut bytes).unwrap();
            assert!(bytes.chunks(4).all(|chunk| chunk == stamp), "another's bytes");
        }
        drop(clients);
        let mut gone = 0;
        while gone < AT_ONCE {
            match plane.next() {
                Heard::End(id) => plane.act(move |io| io.cut(id)),
                Heard::Gone(_) => gone += 1,
                other => panic!("they only leave: {other:?}"),
            }
        }
    }
}

/// Has the kernel refuse these system calls to this thread and to those that it starts.
fn forbid(calls: &[libc::c_long]) {
    let rules = calls.iter().map(|call| (*call, Vec::new())).collect();
    let refusal = SeccompAction::Errno(u32::try_from(libc::EPERM).unwrap());
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refusal, arch).unwrap();
    apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
}

#[test]
fn a_kernel_that_forbids_any_part_of_it_is_found_out() {
    if !is_there() {
        return;
    }
    for call in [libc::SYS_io_uring_setup, libc::SYS_io_uring_register, libc::SYS_io_uring_enter] {
        let probed = thread::spawn(move || {
            forbid(&[call]);
            Rings::probe()
        });
        let error = probed.join().unwrap().expect_err("forbidden");
        assert_eq!(error.raw_os_error(), Some(libc::EPERM), "{call}: {error}");
    }
}

#[test]
fn a_loop_that_may_go_on_without_does_and_one_that_may_not_ends() {
    let without = thread::spawn(|| {
        forbid(&[libc::SYS_io_uring_setup]);
        let start = Start::new(0, batched()).unwrap();
        let required = Plane::new(start, Flood::default(), Clock::start(), None).unwrap();
        assert_eq!(required.run().unwrap_err().raw_os_error(), Some(libc::EPERM));
        // The loop inherits the filter.
        let rings = Rings::default();
        let sends = Sends::Batched { rings: rings.clone(), is_required: false };
        (Loop::start(0, sends), rings)
    });
    let (plane, rings) = without.join().unwrap();
    write_to_some(&plane);
    assert_eq!(rings.count(), 0);
}

#[test]
fn a_ring_that_breaks_loses_nothing_and_the_loop_goes_on_without() {
    if !is_there() {
        return;
    }
    let rings = Rings::default();
    let plane = Loop::start(0, Sends::Batched { rings: rings.clone(), is_required: true });
    let mut clients = write_to_some(&plane);
    assert_eq!(rings.count(), 1);
    plane.act(|_| forbid(&[libc::SYS_io_uring_enter]));
    write_to(&plane, &mut clients);
    assert_eq!(rings.count(), 0, "it is given back");
    write_to(&plane, &mut clients);
}

#[test]
fn a_loop_gives_its_ring_back() {
    if !is_there() {
        return;
    }
    let rings = Rings::default();
    let plane = Loop::start(0, Sends::Batched { rings: rings.clone(), is_required: true });
    write_to_some(&plane);
    assert_eq!(rings.count(), 1);
    drop(plane);
    while rings.count() > 0 {
        thread::yield_now();
    }
}

/// Ten clients, who have got all that they were to get.
fn write_to_some(plane: &Loop) -> Vec<(TcpStream, ConnId)> {
    let mut clients: Vec<_> = (0..10).map(|_| plane.connect()).collect();
    write_to(plane, &mut clients);
    clients
}

fn write_to(plane: &Loop, clients: &mut [(TcpStream, ConnId)]) {
    for n in 0..10_u8 {
        let ids: Vec<ConnId> = clients.iter().map(|(_, id)| *id).collect();
        plane.act(move |io| {
            for id in ids {
                io.queue_write(id, |out| out.resize(1_000, n));
            }
        });
        for (client, _) in &mut *clients {
            let mut bytes = [u8::MAX; 1_000];
            client.read_exact(&mut bytes).unwrap();
            assert_eq!(bytes, [n; 1_000]);
        }
    }
}
