//! The text in which Prometheus reads metrics (exposition format 0.0.4). It knows no metric.

use std::fmt::{Display, Write};

use crate::figures::Snapshot;

/// What the text is, for `Content-Type`.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A metric's name, and what it counts, in one sentence.
pub(crate) type Described = (&'static str, &'static str);

/// Label names and values of one sample.
pub(crate) type Labels<'a> = &'a [(&'static str, &'a str)];

/// A text in the making.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    text: String,
}

impl Exposition {
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    pub(crate) fn counter(&mut self, described: Described, value: u64) {
        self.begin(described, "counter");
        self.sample((described.0, ""), &[], value);
    }

    pub(crate) fn gauge(&mut self, described: Described, value: impl Display) {
        self.begin(described, "gauge");
        self.sample((described.0, ""), &[], value);
    }

    /// Counters of one name; `tell` gives each its labels.
    pub(crate) fn counters(&mut self, described: Described, tell: impl FnOnce(&mut Counters<'_>)) {
        self.begin(described, "counter");
        tell(&mut Counters { name: described.0, exposition: self });
    }

    /// A histogram of seconds, with the snapshot's own bounds.
    pub(crate) fn histogram(&mut self, described: Described, seen: &Snapshot) {
        self.histogram_with(described, seen, seen.bounds());
    }

    /// A histogram of seconds, with some of the snapshot's bounds.
    pub(crate) fn histogram_with(&mut self, described: Described, seen: &Snapshot, bounds: &[u64]) {
        self.begin(described, "histogram");
        let name = described.0;
        for bound in bounds {
            let count = seen.count_up_to(*bound);
            self.sample((name, "_bucket"), &[("le", &seconds(*bound))], count);
        }
        self.sample((name, "_bucket"), &[("le", "+Inf")], seen.count());
        self.sample((name, "_sum"), &[], seconds(seen.sum_nanos));
        self.sample((name, "_count"), &[], seen.count());
    }

    /// A summary of seconds; each quantile with its value in nanoseconds.
    pub(crate) fn summary<'a>(
        &mut self,
        described: Described,
        quantiles: impl Iterator<Item = (&'a str, u64)>,
        (count, sum_nanos): (u64, u64),
    ) {
        self.begin(described, "summary");
        for (quantile, nanos) in quantiles {
            self.sample((described.0, ""), &[("quantile", quantile)], seconds(nanos));
        }
        self.sample((described.0, "_sum"), &[], seconds(sum_nanos));
        self.sample((described.0, "_count"), &[], count);
    }

    fn begin(&mut self, (name, help): Described, kind: &str) {
        self.text.push_str("# HELP ");
        self.text.push_str(name);
        self.text.push(' ');
        self.push_escaped(help, false);
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, (name, suffix): (&str, &str), labels: Labels<'_>, value: impl Display) {
        self.text.push_str(name);
        self.text.push_str(suffix);
        for (at, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.text, "{}{label}=\"", if at == 0 { '{' } else { ',' });
            self.push_escaped(text, true);
            self.text.push('"');
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{end} {value}");
    }

    fn push_escaped(&mut self, text: &str, is_quoted: bool) {
        for c in text.chars() {
            match c {
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '"' if is_quoted => self.text.push_str("\\\""),
                c => self.text.push(c),
            }
        }
    }
}

/// The counters of one name.
pub(crate) struct Counters<'a> {
    name: &'static str,
    exposition: &'a mut Exposition,
}

impl Counters<'_> {
    pub(crate) fn add(&mut self, labels: Labels<'_>, value: u64) {
        self.exposition.sample((self.name, ""), labels, value);
    }
}

/// Nanoseconds as seconds, exactly.
fn seconds(nanos: u64) -> String {
    let (whole, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    match rest {
        0 => whole.to_string(),
        _ => format!("{whole}.{rest:09}").trim_end_matches('0').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::figures::Histogram;

    #[test]
    fn seconds_are_exact() {
        for (nanos, text) in [
            (0, "0"),
            (1, "0.000000001"),
            (100_000, "0.0001"),
            (500_000_000, "0.5"),
            (10_000_000_000, "10"),
            (1_050_000_000, "1.05"),
        ] {
            assert_eq!(seconds(nanos), text);
        }
    }

    #[test]
    fn what_would_break_a_line_is_escaped() {
        let mut exposition = Exposition::default();
        exposition.counters(("a_total", "a \"back\\slash\"\nand a line"), |counters| {
            counters.add(&[("path", "C:\\\n\"x\""), ("b", "é")], 3);
        });
        let expected = "# HELP a_total a \"back\\\\slash\"\\nand a line\n# TYPE a_total counter\n\
                        a_total{path=\"C:\\\\\\n\\\"x\\\"\",b=\"é\"} 3\n";
        assert_eq!(exposition.into_text(), expected);
    }

    #[test]
    fn buckets_hold_all_that_is_below_them() {
        let histogram = Histogram::new(&[100_000_000, 200_000_000, 1_000_000_000]);
        for millis in [50, 100, 150, 3_000] {
            histogram.observe(Duration::from_millis(millis));
        }
        let mut exposition = Exposition::default();
        exposition.histogram_with(
            ("h", "It."),
            &histogram.snapshot(),
            &[100_000_000, 1_000_000_000],
        );
        let expected = "# HELP h It.\n# TYPE h histogram\nh_bucket{le=\"0.1\"} 2\n\
                        h_bucket{le=\"1\"} 3\nh_bucket{le=\"+Inf\"} 4\nh_sum 3.3\nh_count 4\n";
        assert_eq!(exposition.into_text(), expected);
    }
}
