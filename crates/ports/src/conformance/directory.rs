//! What every [`Directory`] must do.

use std::sync::Arc;

use liveloop_core::{RoomId, UserId};

use super::{ADA, BEN, ROOM};
use crate::{
    Admission, Channel, ChannelKind, Directory, DirectoryError, Health, Joined, PageLimit, Profile,
    SecretHash, Wall,
};

const CYD: UserId = UserId(3);
const AT: Wall = Wall(5_000);

fn channel(room: RoomId, kind: ChannelKind) -> Channel {
    Channel {
        room,
        kind,
        name: Some("a 'name' \u{1f9ed}".to_owned()),
        is_public: kind == ChannelKind::Group,
        capacity: 3,
        creator: Some(ADA),
        created_at: Wall(1_000),
    }
}

fn limit(most: u64) -> PageLimit {
    PageLimit::new(most).expect("a limit within bounds")
}

/// Ada's public group of three at most.
async fn with_group(directory: &impl Directory) {
    let made = directory.create(channel(ROOM, ChannelKind::Group), vec![ADA]).await;
    let made = made.expect("a new group is made");
    assert_eq!((made.count, made.channel), (1, channel(ROOM, ChannelKind::Group)));
}

/// The guarantees of [`Directory`].
///
/// # Panics
/// Where one does not hold.
pub async fn directory<D: Directory + 'static>(make: impl Fn() -> D) {
    visitors_are_known_and_renamed(make()).await;
    a_group_takes_members_up_to_its_capacity(make()).await;
    members_come_and_go(make()).await;
    an_invitation_can_be_revoked(make()).await;
    two_have_one_direct_channel(make()).await;
    channels_are_listed_in_pages(make()).await;
    calls_are_purged(make()).await;
    an_erased_visitor_is_nowhere(make()).await;
    an_erasure_is_unfinished_until_it_is_ended(make()).await;
    blocks_are_kept(make()).await;
    nobody_comes_over_the_capacity_at_once(make()).await;
}

/// The guarantees of a [`Directory`] that outlasts its process: `reopen` closes one and opens what
/// it has kept.
///
/// # Panics
/// Where one does not hold.
pub async fn persistent_directory<D: Directory + 'static>(made: D, reopen: impl Fn(D) -> D) {
    with_group(&made).await;
    let secret = SecretHash([7; 32]);
    assert_eq!(made.invite(ROOM, ADA, Some(secret)).await, Ok(()));
    assert!(made.join(ROOM, BEN, Admission::Invited(secret), AT).await.is_ok());
    assert_eq!(made.read(ROOM, BEN, 12).await, Ok(12));
    assert_eq!(made.block(ADA, CYD, true).await, Ok(()));
    assert_eq!(made.block(ADA, BEN, true).await, Ok(()));
    for user in [CYD, UserId(4)] {
        assert_eq!(made.erase(user).await, Ok(Vec::new()));
    }
    assert_eq!(made.end_erasure(UserId(4)).await, Ok(()));
    let (found, member) = (made.channel(ROOM).await, made.member(ROOM, BEN).await);
    let again = reopen(made);
    assert_eq!((again.channel(ROOM).await, again.member(ROOM, BEN).await), (found, member));
    assert_eq!(again.visitor(CYD).await, Err(DirectoryError::NotAllowed));
    assert_eq!(again.blocked_by(ADA).await, Ok(vec![BEN]));
    assert_eq!(again.unfinished_erasures(limit(9)).await, Ok(vec![CYD]), "it goes on with these");
}

async fn visitors_are_known_and_renamed(directory: impl Directory) {
    assert_eq!(directory.visitor(ADA).await, Ok(None));
    let profile =
        |name: &str, at| Profile { user: ADA, name: name.to_owned(), created_at: Wall(at) };
    assert_eq!(directory.put_visitor(profile("Ada", 1)).await, Ok(()));
    assert_eq!(directory.put_visitor(profile("Ada L.", 2)).await, Ok(()));
    assert_eq!(directory.visitor(ADA).await, Ok(Some(profile("Ada L.", 1))));
    let known = directory.visitors(vec![BEN, ADA, ADA]).await;
    let ada = Some(profile("Ada L.", 1));
    assert_eq!(known, Ok(vec![None, ada.clone(), ada]), "in the order in which they are named");
    assert_eq!(directory.visitors(Vec::new()).await, Ok(Vec::new()));
    assert_eq!(directory.health(), Health::Ready);
}

async fn a_group_takes_members_up_to_its_capacity(directory: impl Directory) {
    assert_eq!(directory.channel(ROOM).await, Err(DirectoryError::NotFound));
    let nowhere = directory.join(ROOM, BEN, Admission::Public, AT).await;
    assert_eq!(nowhere, Err(DirectoryError::NotFound));
    with_group(&directory).await;
    let again = directory.create(channel(ROOM, ChannelKind::Group), vec![BEN]).await;
    assert_eq!(again, Err(DirectoryError::Exists));
    for (user, is_new, count) in [(BEN, true, 2), (BEN, false, 2), (CYD, true, 3)] {
        let Joined { found, is_new: was_new } =
            directory.join(ROOM, user, Admission::Public, AT).await.expect("there is room");
        assert_eq!((was_new, found.count), (is_new, count));
    }
    let full = directory.join(ROOM, UserId(4), Admission::Public, AT).await;
    assert_eq!(full, Err(DirectoryError::Full));
    let member = directory.join(ROOM, CYD, Admission::Public, AT).await;
    assert!(member.is_ok_and(|it| !it.is_new), "a member comes into a full one");
    let many = (10..14).map(UserId).collect();
    let crowd = directory.create(channel(RoomId(9), ChannelKind::Group), many).await;
    assert_eq!(crowd, Err(DirectoryError::Full));
    assert_eq!(directory.channel(RoomId(9)).await, Err(DirectoryError::NotFound));
}

async fn members_come_and_go(directory: impl Directory) {
    with_group(&directory).await;
    assert_eq!(directory.read(ROOM, BEN, 1).await, Err(DirectoryError::NotAMember));
    assert_eq!(directory.leave(ROOM, BEN).await, Err(DirectoryError::NotAMember));
    assert_eq!(directory.member(RoomId(404), BEN).await, Err(DirectoryError::NotAMember));
    assert_eq!(directory.are_fellows(ADA, BEN).await, Ok(false));
    directory.join(ROOM, BEN, Admission::Public, AT).await.expect("there is room");
    assert_eq!(directory.are_fellows(ADA, BEN).await, Ok(true));
    assert_eq!(directory.read(ROOM, BEN, 9).await, Ok(9));
    assert_eq!(directory.read(ROOM, BEN, 4).await, Ok(9), "it never falls");
    let member = directory.member(ROOM, BEN).await.expect("he is one");
    assert_eq!((member.joined_at, member.last_read), (AT, 9));
    let first = directory.members(ROOM, None, limit(1)).await.expect("there is such a group");
    assert_eq!(first.iter().map(|it| it.user).collect::<Vec<_>>(), [ADA]);
    let rest = directory.members(ROOM, Some(ADA), limit(5)).await;
    assert_eq!(rest, Ok(vec![member]));
    assert_eq!(directory.leave(ROOM, BEN).await.map(|found| found.count), Ok(1));
    assert_eq!(directory.member(ROOM, BEN).await, Err(DirectoryError::NotAMember));
    let gone = directory.members(RoomId(404), None, limit(5)).await;
    assert_eq!(gone, Err(DirectoryError::NotFound));
}

async fn an_invitation_can_be_revoked(directory: impl Directory) {
    let private = Channel { is_public: false, ..channel(ROOM, ChannelKind::Group) };
    directory.create(private, vec![ADA]).await.expect("a new group is made");
    let (first, second) = (SecretHash([1; 32]), SecretHash([2; 32]));
    let refused = Err(DirectoryError::NotAllowed);
    let join = |by| directory.join(ROOM, BEN, by, AT);
    assert_eq!(join(Admission::Public).await, refused);
    assert_eq!(join(Admission::Invited(first)).await, refused);
    assert_eq!(directory.invite(ROOM, BEN, Some(first)).await, Err(DirectoryError::NotAllowed));
    assert_eq!(join(Admission::Invited(first)).await, refused);
    assert_eq!(directory.invite(ROOM, ADA, Some(first)).await, Ok(()));
    assert_eq!(join(Admission::Invited(second)).await, refused);
    assert_eq!(directory.invite(ROOM, ADA, Some(second)).await, Ok(()));
    assert_eq!(join(Admission::Invited(first)).await, refused, "the former one is over");
    assert_eq!(directory.invite(ROOM, ADA, None).await, Ok(()));
    assert_eq!(join(Admission::Invited(second)).await, refused, "revoked");
    assert_eq!(directory.invite(ROOM, ADA, Some(second)).await, Ok(()));
    assert!(join(Admission::Invited(second)).await.is_ok_and(|it| it.is_new));
    let nowhere = directory.invite(RoomId(404), ADA, None).await;
    assert_eq!(nowhere, Err(DirectoryError::NotFound));
}

async fn two_have_one_direct_channel(directory: impl Directory) {
    let direct = |room| channel(RoomId(room), ChannelKind::Direct);
    for wrong in [vec![ADA], vec![ADA, ADA], vec![ADA, BEN, CYD]] {
        assert_eq!(directory.create(direct(1), wrong).await, Err(DirectoryError::NotAllowed));
    }
    let first = directory.create(direct(1), vec![ADA, BEN]).await.expect("a new one is made");
    let again = directory.create(direct(2), vec![BEN, ADA]).await;
    assert_eq!(again, Ok(first), "the same room again");
    let other = directory.create(direct(2), vec![ADA, CYD]).await.expect("another two");
    assert_eq!((other.channel.room, other.count), (RoomId(2), 2));
    let third = directory.join(RoomId(1), CYD, Admission::Public, AT).await;
    assert_eq!(third, Err(DirectoryError::NotAllowed));
    assert_eq!(directory.leave(RoomId(1), ADA).await, Err(DirectoryError::NotAllowed));
    assert_eq!(directory.invite(RoomId(1), ADA, None).await, Err(DirectoryError::NotAllowed));
    assert_eq!(directory.remove(RoomId(1)).await, Ok(()));
    assert_eq!(directory.remove(RoomId(1)).await, Err(DirectoryError::NotFound));
    let anew = directory.create(direct(5), vec![ADA, BEN]).await;
    assert_eq!(anew.map(|it| it.channel.room), Ok(RoomId(5)));
}

async fn channels_are_listed_in_pages(directory: impl Directory) {
    for n in 1..=4 {
        let is_public = n != 3;
        let made = Channel { is_public, ..channel(RoomId(n << 100 | n), ChannelKind::Group) };
        directory.create(made, vec![ADA]).await.expect("a new group is made");
    }
    directory.create(channel(RoomId(77), ChannelKind::Call), vec![ADA, BEN]).await.expect("a call");
    let ids = |n: u128| RoomId(n << 100 | n);
    let first = directory.public(None, limit(2)).await.expect("the store works");
    assert!(first.iter().map(|it| it.channel.room).eq([ids(1), ids(2)]));
    let rest = directory.public(Some(ids(2)), limit(2)).await.expect("the store works");
    assert!(rest.iter().map(|it| it.channel.room).eq([ids(4)]));
    directory
        .create(channel(RoomId(78), ChannelKind::Direct), vec![ADA, BEN])
        .await
        .expect("of two");
    assert_eq!(directory.groups_made_by(ADA).await, Ok(4), "calls and direct channels are none");
    assert_eq!(directory.groups_made_by(BEN).await, Ok(0));
    assert_eq!(directory.remove(RoomId(78)).await, Ok(()));
    let theirs = directory.channels_of(ADA, None, limit(3)).await.expect("the store works");
    assert!(theirs.iter().map(|(it, _)| it.channel.room).eq([RoomId(77), ids(1), ids(2)]));
    let rest = directory.channels_of(ADA, Some(ids(2)), limit(9)).await.expect("the store works");
    assert!(
        rest.iter()
            .map(|(it, member)| (it.channel.room, member.user))
            .eq([(ids(3), ADA), (ids(4), ADA)])
    );
}

async fn calls_are_purged(directory: impl Directory) {
    with_group(&directory).await;
    for (room, at) in [(22, 1_000), (20, 1_000), (21, 2_000)] {
        let call = Channel { created_at: Wall(at), ..channel(RoomId(room), ChannelKind::Call) };
        directory.create(call, vec![ADA, BEN]).await.expect("a call");
    }
    assert_eq!(directory.are_fellows(ADA, BEN).await, Ok(false), "a call does not last");
    let old = |before, after, most| directory.calls_before(Wall(before), after, limit(most));
    assert_eq!(old(1_000, None, 9).await, Ok(Vec::new()));
    let calls = [(Wall(1_000), RoomId(20)), (Wall(1_000), RoomId(22)), (Wall(2_000), RoomId(21))];
    assert_eq!(old(2_000, None, 9).await, Ok(calls[..2].to_vec()));
    assert_eq!(old(9_000, None, 2).await, Ok(calls[..2].to_vec()));
    assert_eq!(old(9_000, Some(calls[1]), 2).await, Ok(calls[2..].to_vec()));
    let some = vec![RoomId(20), RoomId(404), ROOM];
    assert_eq!(directory.remove_calls(some).await, Ok(1), "calls alone, and what is there");
    assert_eq!(directory.member(RoomId(20), ADA).await, Err(DirectoryError::NotAMember));
    assert_eq!(directory.channel(RoomId(20)).await, Err(DirectoryError::NotFound));
    assert!(directory.member(RoomId(21), ADA).await.is_ok());
    assert!(directory.channel(ROOM).await.is_ok(), "groups stay");
    assert_eq!(old(9_000, None, 9).await, Ok(calls[1..].to_vec()));
}

async fn an_erased_visitor_is_nowhere(directory: impl Directory) {
    with_group(&directory).await;
    let profile = Profile { user: ADA, name: "Ada".to_owned(), created_at: AT };
    assert_eq!(directory.put_visitor(profile.clone()).await, Ok(()));
    directory.join(ROOM, BEN, Admission::Public, AT).await.expect("there is room");
    assert_eq!(directory.block(BEN, ADA, true).await, Ok(()));
    assert_eq!(directory.block(ADA, BEN, true).await, Ok(()));
    assert_eq!(directory.groups_made_by(ADA).await, Ok(1));
    let direct = channel(RoomId(6), ChannelKind::Direct);
    directory.create(direct, vec![ADA, CYD]).await.expect("a new one is made");
    directory.create(channel(RoomId(5), ChannelKind::Call), vec![ADA, BEN]).await.expect("a call");
    let mut lasting = [ROOM, RoomId(6)];
    lasting.sort_unstable();
    assert_eq!(directory.erase(ADA).await, Ok(lasting.to_vec()));
    assert_eq!(directory.erase(ADA).await, Ok(Vec::new()), "asked again it is the same");
    assert_eq!(directory.groups_made_by(ADA).await, Ok(0));
    assert_eq!(directory.visitors(vec![ADA]).await, Ok(vec![None]));
    let refused = DirectoryError::NotAllowed;
    assert_eq!(directory.visitor(ADA).await, Err(refused.clone()));
    assert_eq!(directory.put_visitor(profile).await, Err(refused.clone()));
    let back = directory.join(ROOM, ADA, Admission::Public, AT).await;
    assert_eq!(back, Err(refused.clone()));
    let made = directory.create(channel(RoomId(9), ChannelKind::Group), vec![ADA]).await;
    assert_eq!(made, Err(refused));
    let group = directory.channel(ROOM).await.expect("the group stays");
    assert_eq!((group.count, group.channel.creator), (1, None));
    assert_eq!(directory.blocked_by(BEN).await, Ok(Vec::new()));
    assert_eq!(directory.blocked_by(ADA).await, Err(DirectoryError::NotAllowed));
    assert_eq!(directory.channels_of(ADA, None, limit(9)).await, Ok(Vec::new()));
    for (one, other) in [(BEN, ADA), (ADA, BEN)] {
        assert_eq!(directory.block(one, other, true).await, Ok(()), "which blocks nobody");
    }
    assert_eq!(directory.blocked_by(BEN).await, Ok(Vec::new()));
}

async fn an_erasure_is_unfinished_until_it_is_ended(directory: impl Directory) {
    let unfinished = |most| directory.unfinished_erasures(limit(most));
    assert_eq!(unfinished(9).await, Ok(Vec::new()));
    assert_eq!(directory.end_erasure(ADA).await, Err(DirectoryError::NotFound));
    for user in [CYD, ADA, BEN] {
        assert_eq!(directory.erase(user).await, Ok(Vec::new()));
    }
    assert_eq!(unfinished(2).await, Ok(vec![ADA, BEN]));
    assert_eq!(directory.end_erasure(BEN).await, Ok(()));
    assert_eq!(directory.end_erasure(BEN).await, Ok(()), "asked again it is the same");
    assert_eq!(directory.erase(BEN).await, Ok(Vec::new()));
    assert_eq!(unfinished(9).await, Ok(vec![ADA, CYD]), "what is finished is not begun again");
    assert_eq!(directory.visitor(BEN).await, Err(DirectoryError::NotAllowed));
}

async fn blocks_are_kept(directory: impl Directory) {
    for other in [CYD, BEN, BEN] {
        assert_eq!(directory.block(ADA, other, true).await, Ok(()));
    }
    assert_eq!(directory.blocked_by(ADA).await, Ok(vec![BEN, CYD]));
    assert_eq!(directory.blocked_by(BEN).await, Ok(Vec::new()), "it is one's own");
    assert_eq!(directory.block(ADA, BEN, false).await, Ok(()));
    assert_eq!(directory.block(ADA, BEN, false).await, Ok(()));
    assert_eq!(directory.blocked_by(ADA).await, Ok(vec![CYD]));
}

async fn nobody_comes_over_the_capacity_at_once(directory: impl Directory + 'static) {
    let directory = Arc::new(directory);
    with_group(&*directory).await;
    let tasks: Vec<_> = (10..20)
        .map(|user| {
            let directory = Arc::clone(&directory);
            tokio::spawn(async move {
                directory.join(ROOM, UserId(user), Admission::Public, AT).await.is_ok()
            })
        })
        .collect();
    let mut came = 0;
    for task in tasks {
        came += usize::from(task.await.expect("no task panics"));
    }
    assert_eq!(came, 2);
}
