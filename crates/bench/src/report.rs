//! Medians, spreads and ratios of the rounds, as a table and as JSON.

use std::fmt::Write;

use anyhow::Result;
use serde::Serialize;

use crate::{machine::Machine, modes::Figures};

/// The figures of every round, in the order in which they came.
#[derive(Default)]
pub(crate) struct Report {
    rounds: Vec<Round>,
}

#[derive(Serialize)]
struct Round {
    mode: String,
    server: String,
    figures: Figures,
}

/// One figure of one server over all rounds.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    mode: String,
    figure: &'static str,
    server: String,
    median: f64,
    lowest: f64,
    highest: f64,
    /// To the median of the first server of the series.
    ratio: Option<f64>,
}

type Pick = fn(&Figures) -> Option<f64>;

/// What is shown of a round: name and unit, and where it stands.
const COLUMNS: [(&str, Pick); 8] = [
    ("CPU µs per operation", |figures| figures.cpu_us),
    ("operations/s", |figures| Some(figures.per_second).filter(|rate| *rate > 0.0)),
    ("user bytes per connection", |figures| figures.memory_bytes),
    ("kernel bytes per connection", |figures| figures.kernel_bytes),
    ("p50 µs", |figures| figures.p50_us),
    ("p99 µs", |figures| figures.p99_us),
    ("p99.9 µs", |figures| figures.p999_us),
    ("longest µs", |figures| figures.max_us),
];

impl Report {
    pub(crate) fn add(&mut self, mode: &str, server: &str, figures: Figures) {
        self.rounds.push(Round { mode: mode.to_owned(), server: server.to_owned(), figures });
    }

    /// By mode, then figure, then server, each in the order in which they came.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for mode in in_order(self.rounds.iter().map(|round| round.mode.as_str())) {
            let of_mode = || self.rounds.iter().filter(|round| round.mode == mode);
            let servers = in_order(of_mode().map(|round| round.server.as_str()));
            for (figure, pick) in COLUMNS {
                let mut first = None;
                for server in &servers {
                    let rounds = of_mode().filter(|round| round.server == *server);
                    let mut values: Vec<f64> =
                        rounds.filter_map(|round| pick(&round.figures)).collect();
                    values.sort_by(f64::total_cmp);
                    let Some(median) = median(&values) else { continue };
                    rows.push(Row {
                        mode: mode.to_owned(),
                        figure,
                        server: (*server).to_owned(),
                        median,
                        lowest: values[0],
                        highest: values[values.len() - 1],
                        ratio: first.filter(|first| *first > 0.0).map(|first| median / first),
                    });
                    first.get_or_insert(median);
                }
            }
        }
        rows
    }

    /// How the median of `server` compares with the first server's.
    pub(crate) fn ratio(&self, mode: &str, figure: &str, server: &str) -> Option<f64> {
        let is_it = |row: &Row| row.mode == mode && row.figure == figure && row.server == server;
        self.rows().into_iter().find(is_it)?.ratio
    }

    pub(crate) fn table(&self) -> String {
        let mut text = String::from(
            "| mode | figure | server | median | lowest to highest | ratio |\n\
             | --- | --- | --- | --- | --- | --- |\n",
        );
        for Row { mode, figure, server, median, lowest, highest, ratio } in self.rows() {
            let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
            let _ = writeln!(
                text,
                "| {mode} | {figure} | {server} | {median:.2} | {lowest:.2} to {highest:.2} | {ratio} |"
            );
        }
        text
    }

    /// # Errors
    /// Never: figures are plain numbers.
    pub(crate) fn json(&self, machine: &Machine) -> Result<String> {
        #[derive(Serialize)]
        struct Whole<'a> {
            machine: &'a Machine,
            summary: Vec<Row>,
            rounds: &'a [Round],
        }
        let whole = Whole { machine, summary: self.rows(), rounds: &self.rounds };
        Ok(serde_json::to_string_pretty(&whole)?)
    }
}

fn in_order<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

/// The middle of sorted values, or between the two middle ones.
pub(crate) fn median(sorted: &[f64]) -> Option<f64> {
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

    fn report(rounds: &[(&str, &str, f64)]) -> Report {
        let mut report = Report::default();
        for (mode, server, cpu) in rounds {
            let figures = Figures { cpu_us: Some(*cpu), per_second: *cpu, ..Figures::default() };
            report.add(mode, server, figures);
        }
        report
    }

    #[test]
    fn the_table_has_medians_and_ratios() {
        let report = report(&[
            ("match", "bare", 4.0),
            ("match", "bare", 1.0),
            ("match", "bare", 2.0),
            ("match", "ours", 3.0),
        ]);
        let table = report.table();
        assert!(
            table.contains("| match | CPU µs per operation | bare | 2.00 | 1.00 to 4.00 |  |"),
            "{table}"
        );
        assert!(table.contains("| ours | 3.00 | 3.00 to 3.00 | 1.50 |"), "{table}");
    }

    #[test]
    fn an_even_number_of_rounds_has_its_median_between_two() {
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn ratios_stay_within_their_mode_and_need_something_to_compare_with() {
        let report = report(&[
            ("match", "bare", 2.0),
            ("match", "ours", 3.0),
            ("pair", "bare", 100.0),
            ("pair", "ours", 50.0),
            ("relay", "bare", 0.0),
            ("relay", "ours", 1.0),
        ]);
        assert_eq!(report.ratio("match", "CPU µs per operation", "ours"), Some(1.5));
        assert_eq!(report.ratio("pair", "operations/s", "ours"), Some(0.5));
        assert_eq!(report.ratio("pair", "operations/s", "bare"), None);
        assert_eq!(report.ratio("relay", "CPU µs per operation", "ours"), None);
        assert_eq!(report.ratio("idle", "operations/s", "ours"), None);
    }

    #[test]
    fn the_json_has_the_summary_and_every_round() {
        let report = report(&[("match", "bare", 2.0), ("match", "bare", 4.0)]);
        let text = report.json(&Machine::here()).expect("plain numbers");
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(json["summary"][0]["median"], 3.0);
        assert_eq!(json["rounds"][1]["figures"]["cpu_us"], 4.0);
        assert!(json["machine"]["cores"].as_u64() > Some(0));
    }
}
