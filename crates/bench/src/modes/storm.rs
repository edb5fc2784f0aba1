//! Storm: many arrive at once; what one accepted connection costs, its `welcome` included.

use std::time::Instant;

use anyhow::Result;

use super::{Figures, Size};
use crate::{load::Load, process, server::Server};

/// CPU per accepted connection.
///
/// # Errors
/// Where the server refuses one.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(crate) fn storm(server: &Server, size: Size) -> Result<Figures> {
    drop(Load::connect(&server.target, 8)?);
    let cpu = || server.pid.map(process::cpu).transpose();
    let before = cpu()?;
    let started = Instant::now();
    let load = Load::connect(&server.target, size.clients)?;
    let took = started.elapsed().as_secs_f64();
    let spent = cpu()?.zip(before).map(|(after, before)| (after - before).as_secs_f64());
    let count = load.len() as f64;
    Ok(Figures {
        operations: load.len() as u64,
        per_second: count / took,
        cpu_us: spent.map(|spent| spent * 1e6 / count),
        ..Figures::default()
    })
}
