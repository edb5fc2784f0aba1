//! What a window says in its `hello`: whose session it wants back, by which secret, and whose token it
//! shows.

use crate::{model::Claim, random::Random, world::World};

/// How a resume secret is come by.
#[derive(Clone, Copy, Debug)]
enum Secret {
    /// The last one of one's own session.
    Own,
    /// One that was spent long ago.
    Spent,
    /// Changed.
    Forged,
    /// Another visitor's, with one's own token.
    Foreign,
}

/// What to say, if anything.
pub(crate) fn choose(world: &World, window: usize, random: &mut Random) -> Option<(Claim, String)> {
    let own_user = world.users[world.visitors[window]];
    let token = own_user.and_then(|user| world.model.tokens.get(&user));
    let session = world.windows[window].session;
    let Some(session) = session.filter(|_| random.percent(92)) else {
        return fresh(own_user, token, random);
    };
    let own = &world.model.sessions[session];
    let secret = random.weighted(&[
        (85, Secret::Own),
        (5, Secret::Spent),
        (5, Secret::Forged),
        (5, Secret::Foreign),
    ]);
    let last = own.tickets.last()?;
    let mut claim = Claim { session: Some(session), is_good: true, ..Claim::default() };
    let mut resume = last.clone();
    let mut fields = Vec::new();
    let surely_bad = |claim: &mut Claim| {
        (claim.is_good, claim.is_surely_bad) = (false, true);
    };
    match secret {
        Secret::Own => {}
        Secret::Spent if own.tickets.len() >= 3 => {
            surely_bad(&mut claim);
            resume.clone_from(&own.tickets[own.tickets.len() - 3]);
        }
        Secret::Forged => {
            surely_bad(&mut claim);
            let at = random.index(resume.len());
            let other = if resume.as_bytes()[at] == b'A' { "B" } else { "A" };
            resume.replace_range(at..=at, other);
        }
        Secret::Foreign => {
            let others = world.windows.iter().filter_map(|other| other.session);
            let theirs: Vec<usize> =
                others.filter(|it| Some(world.model.sessions[*it].user) != own_user).collect();
            if let (Some(user), Some(token), false) = (own_user, token, theirs.is_empty()) {
                surely_bad(&mut claim);
                let theirs = *random.pick(&theirs);
                claim.session = Some(theirs);
                claim.user = Some(user);
                resume.clone_from(world.model.sessions[theirs].tickets.last()?);
                fields.push(format!("\"token\":\"{token}\""));
            }
        }
        Secret::Spent => {}
    }
    let last_n = own.last_n();
    claim.after = match random.below(20) {
        0 => last_n + 1_000,
        1..=3 => random.below(last_n + 1),
        _ => last_n,
    };
    fields.push(format!("\"resume\":\"{resume}\",\"after\":{}", claim.after));
    if claim.is_good
        && own_user == Some(own.user)
        && random.percent(30)
        && let Some(token) = token
    {
        claim.user = own_user;
        fields.push(format!("\"token\":\"{token}\""));
    }
    Some((claim, format!("{{{}}}", fields.join(","))))
}

fn fresh(
    user: Option<usize>,
    token: Option<&String>,
    random: &mut Random,
) -> Option<(Claim, String)> {
    if random.percent(5) {
        let claim = Claim { has_bad_token: true, ..Claim::default() };
        return Some((claim, "{\"token\":\"1.e30.nonsense\"}".to_owned()));
    }
    match token.filter(|_| random.percent(75)) {
        Some(token) => {
            let claim = Claim { user, ..Claim::default() };
            Some((claim, format!("{{\"token\":\"{token}\",\"name\":\"Ada\"}}")))
        }
        None if random.percent(30) => Some((Claim::default(), "{\"name\":\"Ben\"}".to_owned())),
        None => None,
    }
}
