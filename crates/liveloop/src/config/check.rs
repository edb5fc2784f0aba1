//! Bounds and relations that a value's kind alone does not assure.

use super::{Config, Merged, Problem, ice, origin, tls};

const NODE_CHARS_MAX: usize = 64;
const SITE_NAME_CHARS_MAX: usize = 60;
const POOL_SIZE_MAX: u8 = 10;

/// All that is wrong with the values.
pub(super) fn check(config: &Config, merged: &Merged) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut report = |path: &str, why: String| {
        let problem = Problem::new(path, why);
        problems.push(match merged.source(path) {
            Some(source) => problem.found_in(source),
            None => problem,
        });
    };
    if let Some(Err(why)) = config.node.as_deref().map(check_node) {
        report("node", why);
    }
    if let Some(Err(why)) = config.public_url.as_deref().map(origin::check) {
        report("public_url", why);
    }
    for wrong in config.origins.iter().filter_map(|origin| origin::check(origin).err()) {
        report("origins", wrong);
    }
    for (path, span) in [
        ("heartbeat.interval", config.heartbeat.interval),
        ("heartbeat.timeout", config.heartbeat.timeout),
    ] {
        if span.0.is_zero() {
            report(path, "it is 0: write more, such as 25s".into());
        }
    }
    let matching = &config.matching;
    if matching.relax_languages_after < matching.relax_interests_after {
        let way_out = "it is shorter than matching.relax_interests_after: write at least as long";
        report("matching.relax_languages_after", way_out.into());
    }
    if config.ice.candidate_pool_size > POOL_SIZE_MAX {
        report("ice.candidate_pool_size", "it is above 10: write 0 to 10".into());
    }
    if config.site.name.chars().count() > SITE_NAME_CHARS_MAX {
        report("site.name", format!("it is longer than {SITE_NAME_CHARS_MAX} characters"));
    }
    if let Some(Err(why)) = config.site.contact.as_deref().map(check_contact) {
        report("site.contact", why);
    }
    if config.log.files_kept == 0 {
        report("log.files_kept", "it is 0: write how many days to keep, 1 or more".into());
    }
    for problem in ice::check(&config.ice.servers) {
        problems.push(match merged.source("ice.servers") {
            Some(source) => problem.found_in(source),
            None => problem,
        });
    }
    problems.extend(tls::check(&config.tls));
    problems
}

fn check_node(name: &str) -> Result<(), String> {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if is_plain && name.len() <= NODE_CHARS_MAX {
        Ok(())
    } else {
        Err(format!("use letters, digits, `-`, `_` and `.`, up to {NODE_CHARS_MAX} of them"))
    }
}

/// The page makes a link of it, so nothing but a mail address or a web address may come through.
fn check_contact(contact: &str) -> Result<(), String> {
    let is_clean = !contact.contains(|c: char| c.is_whitespace() || c.is_control());
    let is_web = ["http://", "https://"]
        .iter()
        .any(|scheme| contact.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    let is_mail = contact
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !name.contains(':') && host.contains('.'));
    if is_clean && (is_web || is_mail) {
        Ok(())
    } else {
        Err(format!(
            "`{contact}` is neither a mail address nor an http(s) URL: write it like \
             help@example.org or https://example.org/contact"
        ))
    }
}
