//! Who connects where: connections spread over nodes, always two and two, and cut into one stretch
//! for each loader. Bounded by how many files a process may hold.

use anyhow::{Result, ensure};

/// Files that a process needs for itself.
const FILES_RESERVED: usize = 64;
/// Room that is left on each node where the number of nodes is not given.
const COMFORT: usize = 636;

/// How many of what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) connections: usize,
    /// Visitors who come while the others are held, on the same nodes.
    pub(super) fresh: usize,
    pub(super) nodes: Option<usize>,
    pub(super) loaders: Option<usize>,
    /// How many files a process may hold.
    pub(super) files_max: usize,
}

/// Who connects where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) nodes: usize,
    /// For each loader: nodes, and how many to connect there.
    pub(super) loaders: Vec<Vec<(usize, usize)>>,
    /// For each node: how many fresh visitors.
    pub(super) fresh: Vec<usize>,
}

impl Plan {
    /// # Errors
    /// Where that many do not fit into so few processes.
    pub(super) fn new(wish: Wish) -> Result<Self> {
        let files = wish.files_max.saturating_sub(FILES_RESERVED).max(2);
        let usual = files.saturating_sub(COMFORT).max(2);
        let enough = wish.connections.div_ceil(usual).max(1);
        let (nodes, loaders) = (wish.nodes.unwrap_or(enough), wish.loaders.unwrap_or(enough));
        ensure!(wish.connections >= 2, "hold at least 2 connections");
        ensure!(nodes > 0 && loaders > 0, "at least one node and one loader are needed");
        let (held, fresh) = (in_pairs(wish.connections, nodes), in_pairs(wish.fresh, nodes));
        let fullest = held.iter().zip(&fresh).map(|(held, fresh)| held + fresh).max().unwrap_or(0);
        ensure!(
            fullest <= files,
            "{fullest} connections are too many for one node, a process may hold {} files here: \
             give more --nodes",
            wish.files_max
        );
        let per_loader = held.iter().sum::<usize>().div_ceil(loaders);
        ensure!(
            per_loader <= files,
            "{per_loader} connections are too many for one loader, a process may hold {} files \
             here: give more --loaders",
            wish.files_max
        );
        Ok(Self { nodes, loaders: stretches(&held, per_loader), fresh })
    }
}

/// `count`, less one where it is odd, spread evenly and always two and two.
fn in_pairs(count: usize, over: usize) -> Vec<usize> {
    let pairs = count / 2;
    (0..over).map(|index| 2 * (pairs / over + usize::from(index < pairs % over))).collect()
}

/// Cuts the nodes' connections, laid end to end, into stretches of at most `len`.
fn stretches(held: &[usize], len: usize) -> Vec<Vec<(usize, usize)>> {
    let mut loaders = Vec::new();
    let mut loader = Vec::new();
    let mut room = len;
    for (node, &count) in held.iter().enumerate() {
        let mut left = count;
        while left > 0 {
            let take = left.min(room);
            loader.push((node, take));
            left -= take;
            room -= take;
            if room == 0 {
                loaders.push(std::mem::take(&mut loader));
                room = len;
            }
        }
    }
    if !loader.is_empty() {
        loaders.push(loader);
    }
    loaders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(connections: usize) -> Wish {
        Wish { connections, fresh: 0, nodes: None, loaders: None, files_max: 20_000 }
    }

    #[test]
    fn a_million_takes_52_nodes_of_20_000_files() {
        let plan = Plan::new(Wish { fresh: 2_000, ..wish(1_000_000) }).expect("it fits");
        assert_eq!((plan.nodes, plan.loaders.len()), (52, 52));
        let all: usize = plan.loaders.iter().flatten().map(|(_, count)| count).sum();
        assert_eq!(all, 1_000_000);
        assert_eq!(plan.fresh.iter().sum::<usize>(), 2_000);
        for loader in &plan.loaders {
            assert!(loader.iter().map(|(_, count)| count).sum::<usize>() < 19_900);
        }
    }

    #[test]
    fn every_node_has_pairs_even_where_loaders_cut_between_them() {
        let wish = Wish { nodes: Some(3), loaders: Some(4), ..wish(100) };
        let plan = Plan::new(wish).expect("it fits");
        let mut held = [0; 3];
        for (node, count) in plan.loaders.iter().flatten() {
            held[*node] += count;
        }
        assert_eq!(held, [34, 34, 32]);
        assert_eq!(plan.loaders.len(), 4);
        assert_eq!(plan.loaders[1], [(0, 9), (1, 16)]);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_to_do() {
        for (wish, named) in [
            (Wish { nodes: Some(1), ..wish(30_000) }, "more --nodes"),
            (Wish { loaders: Some(1), ..wish(30_000) }, "more --loaders"),
            (Wish { nodes: Some(1), fresh: 2_000, ..wish(19_000) }, "more --nodes"),
            (Wish { nodes: Some(0), ..wish(10) }, "at least one node"),
            (wish(1), "at least 2"),
        ] {
            let error = Plan::new(wish).expect_err("too many").to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
