//! What a Lobby leaves, as it is written: the core's own types know no serialisation.

use std::time::Duration;

use liveloop_core::{
    LobbyEstate, Mode, Moment, PartingEstate, Relaxed, RoomId, SessionEstate, SessionKey,
    StandingEstate, TicketEstate, UserId, Wishes,
};
use serde::{Deserialize, Serialize};

/// See [`LobbyEstate`]. Moments are nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LobbyLegacy {
    sessions: Vec<SessionRecord>,
    meetings: Vec<(u64, [u128; 2])>,
    blocks: Vec<[u128; 2]>,
    waits: [Vec<(u64, Duration)>; 3],
    next_number: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SessionRecord {
    session: u64,
    user: u128,
    mode: ModeRecord,
    auto_next: bool,
    interests: Vec<String>,
    languages: Vec<String>,
    past: Vec<u128>,
    parting: Option<PartingRecord>,
    standing: StandingRecord,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum StandingRecord {
    Idle,
    Waiting(TicketRecord),
    InRoom(u128, u64),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TicketRecord {
    number: u64,
    is_front: bool,
    joined: u64,
    asked: u64,
    steps: u8,
    again: bool,
    is_resigned: bool,
    after_room: Option<u128>,
    told: Option<(usize, Option<Duration>, RelaxedRecord)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PartingRecord {
    room: u128,
    mode: ModeRecord,
    partner: u64,
    partner_user: u128,
    at: u64,
    is_leaver: bool,
    asks_until: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RelaxedRecord {
    interests: bool,
    languages: bool,
    met_everyone: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum ModeRecord {
    Video,
    Audio,
    Text,
}

impl LobbyLegacy {
    /// Those that it knows.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = SessionKey> + '_ {
        self.sessions.iter().map(|record| SessionKey(record.session))
    }

    /// Whether a Lobby that begins knows as much.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { sessions, meetings, blocks, .. } = self;
        sessions.is_empty() && meetings.is_empty() && blocks.is_empty()
    }
}

impl From<&LobbyEstate> for LobbyLegacy {
    fn from(estate: &LobbyEstate) -> Self {
        let LobbyEstate { sessions, meetings, blocks, waits, next_number } = estate;
        let meeting = |(at, users): &(Moment, [UserId; 2])| (at.as_nanos(), users.map(|it| it.0));
        Self {
            sessions: sessions.iter().map(SessionRecord::from).collect(),
            meetings: meetings.iter().map(meeting).collect(),
            blocks: blocks.iter().map(|users| users.map(|user| user.0)).collect(),
            waits: waits
                .each_ref()
                .map(|waits| waits.iter().map(|(at, waited)| (at.as_nanos(), *waited)).collect()),
            next_number: *next_number,
        }
    }
}

impl From<&LobbyLegacy> for LobbyEstate {
    fn from(legacy: &LobbyLegacy) -> Self {
        let LobbyLegacy { sessions, meetings, blocks, waits, next_number } = legacy;
        let meeting = |(at, users): &(u64, [u128; 2])| (Moment::from_nanos(*at), users.map(UserId));
        let wait = |(at, waited): &(u64, Duration)| (Moment::from_nanos(*at), *waited);
        Self {
            sessions: sessions.iter().map(SessionEstate::from).collect(),
            meetings: meetings.iter().map(meeting).collect(),
            blocks: blocks.iter().map(|users| users.map(UserId)).collect(),
            waits: waits.each_ref().map(|waits| waits.iter().map(wait).collect()),
            next_number: *next_number,
        }
    }
}

impl From<&SessionEstate> for SessionRecord {
    fn from(estate: &SessionEstate) -> Self {
        Self {
            session: estate.session.0,
            user: estate.user.0,
            mode: estate.mode.into(),
            auto_next: estate.auto_next,
            interests: estate.wishes.interests.clone(),
            languages: estate.wishes.languages.clone(),
            past: estate.past.iter().map(|room| room.0).collect(),
            parting: estate.parting.map(PartingRecord::from),
            standing: match &estate.standing {
                StandingEstate::Idle => StandingRecord::Idle,
                StandingEstate::Waiting(ticket) => StandingRecord::Waiting(ticket.into()),
                StandingEstate::InRoom(room, partner) => StandingRecord::InRoom(room.0, partner.0),
            },
        }
    }
}

impl From<&SessionRecord> for SessionEstate {
    fn from(record: &SessionRecord) -> Self {
        let (interests, languages) = (record.interests.clone(), record.languages.clone());
        Self {
            session: SessionKey(record.session),
            user: UserId(record.user),
            mode: record.mode.into(),
            auto_next: record.auto_next,
            wishes: Wishes { interests, languages },
            past: record.past.iter().copied().map(RoomId).collect(),
            parting: record.parting.map(PartingEstate::from),
            standing: match &record.standing {
                StandingRecord::Idle => StandingEstate::Idle,
                StandingRecord::Waiting(ticket) => StandingEstate::Waiting(ticket.into()),
                StandingRecord::InRoom(room, partner) => {
                    StandingEstate::InRoom(RoomId(*room), SessionKey(*partner))
                }
            },
        }
    }
}

impl From<&TicketEstate> for TicketRecord {
    fn from(estate: &TicketEstate) -> Self {
        let TicketEstate { number, is_front, joined, asked, steps, .. } = *estate;
        let TicketEstate { again, is_resigned, after_room, told, .. } = *estate;
        Self {
            number,
            is_front,
            joined: joined.as_nanos(),
            asked: asked.as_nanos(),
            steps,
            again,
            is_resigned,
            after_room: after_room.map(|room| room.0),
            told: told.map(|(waiting, estimate, relaxed)| (waiting, estimate, relaxed.into())),
        }
    }
}

impl From<&TicketRecord> for TicketEstate {
    fn from(record: &TicketRecord) -> Self {
        let TicketRecord { number, is_front, joined, asked, steps, .. } = *record;
        let TicketRecord { again, is_resigned, after_room, told, .. } = *record;
        Self {
            number,
            is_front,
            joined: Moment::from_nanos(joined),
            asked: Moment::from_nanos(asked),
            steps,
            again,
            is_resigned,
            after_room: after_room.map(RoomId),
            told: told.map(|(waiting, estimate, relaxed)| (waiting, estimate, relaxed.into())),
        }
    }
}

impl From<PartingEstate> for PartingRecord {
    fn from(estate: PartingEstate) -> Self {
        let PartingEstate { room, mode, partner, partner_user, at, is_leaver, asks_until } = estate;
        Self {
            room: room.0,
            mode: mode.into(),
            partner: partner.0,
            partner_user: partner_user.0,
            at: at.as_nanos(),
            is_leaver,
            asks_until: asks_until.map(Moment::as_nanos),
        }
    }
}

impl From<PartingRecord> for PartingEstate {
    fn from(record: PartingRecord) -> Self {
        let PartingRecord { room, mode, partner, partner_user, at, is_leaver, asks_until } = record;
        Self {
            room: RoomId(room),
            mode: mode.into(),
            partner: SessionKey(partner),
            partner_user: UserId(partner_user),
            at: Moment::from_nanos(at),
            is_leaver,
            asks_until: asks_until.map(Moment::from_nanos),
        }
    }
}

impl From<Relaxed> for RelaxedRecord {
    fn from(relaxed: Relaxed) -> Self {
        let Relaxed { interests, languages, met_everyone } = relaxed;
        Self { interests, languages, met_everyone }
    }
}

impl From<RelaxedRecord> for Relaxed {
    fn from(record: RelaxedRecord) -> Self {
        let RelaxedRecord { interests, languages, met_everyone } = record;
        Self { interests, languages, met_everyone }
    }
}

impl From<Mode> for ModeRecord {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Video => Self::Video,
            Mode::Audio => Self::Audio,
            Mode::Text => Self::Text,
        }
    }
}

impl From<ModeRecord> for Mode {
    fn from(record: ModeRecord) -> Self {
        match record {
            ModeRecord::Video => Self::Video,
            ModeRecord::Audio => Self::Audio,
            ModeRecord::Text => Self::Text,
        }
    }
}
