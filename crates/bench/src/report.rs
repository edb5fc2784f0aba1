//! Medians, spreads and ratios of the rounds, as a table and as JSON.

use std::{collections::BTreeMap, fmt::Write};

use anyhow::Result;

use crate::modes::Figures;

/// The figures of every round, by mode and server in the order in which they came.
#[derive(Default)]
pub(crate) struct Report {
    rounds: Vec<(String, String, Figures)>,
}

type Pick = fn(&Figures) -> Option<f64>;

/// What is shown of a round: name and unit, and where it stands.
const COLUMNS: [(&str, Pick); 6] = [
    ("CPU µs per operation", |figures| figures.cpu_us),
    ("operations/s", |figures| Some(figures.per_second).filter(|rate| *rate > 0.0)),
    ("user bytes per connection", |figures| figures.memory_bytes),
    ("kernel bytes per connection", |figures| figures.kernel_bytes),
    ("p50 µs", |figures| figures.p50_us),
    ("p99 µs", |figures| figures.p99_us),
];

impl Report {
    pub(crate) fn add(&mut self, mode: &str, server: &str, figures: Figures) {
        self.rounds.push((mode.to_owned(), server.to_owned(), figures));
    }

    pub(crate) fn table(&self) -> String {
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut modes: Vec<&str> = Vec::new();
        for (mode, server, _) in &self.rounds {
            if !modes.contains(&mode.as_str()) {
                modes.push(mode);
            }
            let servers = groups.entry(mode).or_default();
            if !servers.contains(&server.as_str()) {
                servers.push(server);
            }
        }
        let mut text = String::from(
            "| mode | figure | server | median | lowest to highest | ratio |\n| --- | --- | --- | --- | --- | --- |\n",
        );
        for mode in modes {
            for (column, pick) in COLUMNS {
                let mut first = None;
                for server in &groups[mode] {
                    let values = self.values(mode, server, pick);
                    let Some(median) = median(&values) else { continue };
                    let (low, high) = (values[0], values[values.len() - 1]);
                    let ratio = first
                        .filter(|first| *first > 0.0)
                        .map_or_else(String::new, |first| format!("{:.2}", median / first));
                    first.get_or_insert(median);
                    let _ = writeln!(
                        text,
                        "| {mode} | {column} | {server} | {median:.2} | {low:.2} to {high:.2} | {ratio} |"
                    );
                }
            }
        }
        text
    }

    fn values(&self, mode: &str, server: &str, pick: Pick) -> Vec<f64> {
        let rounds = self.rounds.iter().filter(|(m, s, _)| m == mode && s == server);
        let mut values: Vec<f64> = rounds.filter_map(|(_, _, figures)| pick(figures)).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// # Errors
    /// Never: figures are plain numbers.
    pub(crate) fn json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(&self.rounds)?)
    }
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        len if len.is_multiple_of(2) => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
        _ => Some(sorted[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_medians_and_ratios() {
        let mut report = Report::default();
        for (server, cpu) in [("bare", 4.0), ("bare", 1.0), ("bare", 2.0), ("ours", 3.0)] {
            let figures = Figures { cpu_us: Some(cpu), ..Figures::default() };
            report.add("match", server, figures);
        }
        let table = report.table();
        assert!(
            table.contains("| match | CPU µs per operation | bare | 2.00 | 1.00 to 4.00 |  |"),
            "{table}"
        );
        assert!(table.contains("| ours | 3.00 | 3.00 to 3.00 | 1.50 |"), "{table}");
    }
}
