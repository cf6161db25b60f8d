//! The text format of Prometheus, version 0.0.4.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

use std::fmt::Display;

use super::family::{Family, Kind};
use super::histogram::Distribution;

/// What is sent to whoever scrapes, while it is written.
#[derive(Debug, Default)]
pub(crate) struct Text {
    out: String,
}

impl Text {
    /// Room for what a server with a few models has to say.
    pub(crate) fn new() -> Text {
        Text { out: String::with_capacity(128 << 10) }
    }

    /// The samples of one metric, which have to follow each other. Nothing is written before the first of them.
    pub(crate) fn family(&mut self, family: &'static Family) -> Samples<'_> {
        Samples { out: &mut self.out, family, is_begun: false }
    }

    /// A metric with one series.
    pub(crate) fn single(&mut self, family: &'static Family, value: impl Display) {
        self.family(family).add(&[], value);
    }

    /// What was written.
    pub(crate) fn finish(self) -> String {
        self.out
    }
}

/// The samples of one metric.
#[derive(Debug)]
pub(crate) struct Samples<'t> {
    out: &'t mut String,
    family: &'static Family,
    is_begun: bool,
}

impl Samples<'_> {
    /// A series, named by the values of the metric's labels in their order.
    pub(crate) fn add(&mut self, labels: &[&str], value: impl Display) {
        self.begin();
        self.line("", labels, None, value);
    }

    /// The series of a histogram. Of a metric that is none, nothing.
    pub(crate) fn histogram(&mut self, labels: &[&str], distribution: &Distribution) {
        let Kind::Histogram(buckets) = self.family.kind else {
            return;
        };
        self.begin();
        let mut below = 0;
        for (bound, cell) in buckets.bounds.iter().zip(&distribution.cells) {
            below += cell;
            self.line("_bucket", labels, Some(&buckets.written(*bound).to_string()), below);
        }
        let count = distribution.count();
        self.line("_bucket", labels, Some("+Inf"), count);
        self.line("_sum", labels, None, buckets.written(distribution.sum));
        self.line("_count", labels, None, count);
    }

    fn begin(&mut self) {
        if self.is_begun {
            return;
        }
        self.is_begun = true;
        let Family { name, help, kind, .. } = self.family;
        for part in ["# HELP ", name, " ", help, "\n# TYPE ", name, " ", kind.as_str(), "\n"] {
            self.out.push_str(part);
        }
    }

    fn line(&mut self, suffix: &str, labels: &[&str], bound: Option<&str>, value: impl Display) {
        self.out.push_str(self.family.name);
        self.out.push_str(suffix);
        let mut before = '{';
        let names = self.family.labels.iter().copied();
        for (name, value) in names.zip(labels.iter().copied()).chain(bound.map(|bound| ("le", bound))) {
            self.out.push(before);
            self.out.push_str(name);
            self.out.push_str("=\"");
            push_escaped(self.out, value);
            self.out.push('"');
            before = ',';
        }
        if before == ',' {
            self.out.push('}');
        }
        self.out.push(' ');
        self.out.push_str(&value.to_string());
        self.out.push('\n');
    }
}

/// What would end a label's value, or its line, is escaped.
fn push_escaped(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Text;
    use crate::metrics::histogram::Distribution;
    use crate::metrics::{BATCH_ROWS, MODEL_LOADS, READY};

    #[test]
    fn samples_follow_their_head() {
        let mut text = Text::new();
        text.single(&READY, 1);
        let mut loads = text.family(&MODEL_LOADS);
        loads.add(&["a"], 2);
        loads.add(&["b \"\\\n é"], 3);
        let expected = "# HELP ferrocast_ready 1 while the server should be sent requests, 0 while it should not.\n\
            # TYPE ferrocast_ready gauge\n\
            ferrocast_ready 1\n\
            # HELP ferrocast_model_loads_total Versions loaded.\n\
            # TYPE ferrocast_model_loads_total counter\n\
            ferrocast_model_loads_total{model=\"a\"} 2\n\
            ferrocast_model_loads_total{model=\"b \\\"\\\\\\n é\"} 3\n";
        assert_eq!(text.finish(), expected);
    }

    #[test]
    fn a_metric_without_samples_is_left_out() {
        let mut text = Text::new();
        text.family(&READY);
        text.family(&READY).histogram(&[], &Distribution::default());
        assert_eq!(text.finish(), "");
    }

    #[test]
    fn buckets_hold_what_is_below_them() {
        let mut distribution = Distribution { sum: 2_051, ..Distribution::default() };
        distribution.cells[0] = 2;
        distribution.cells[10] = 1;
        distribution.cells[11] = 1;
        let mut text = Text::new();
        text.family(&BATCH_ROWS).histogram(&["a", "1"], &distribution);
        let text = text.finish();
        let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(samples.len(), 14);
        assert_eq!(samples[0], "ferrocast_batch_rows_bucket{model=\"a\",version=\"1\",le=\"1\"} 2");
        assert_eq!(samples[10], "ferrocast_batch_rows_bucket{model=\"a\",version=\"1\",le=\"1024\"} 3");
        assert_eq!(samples[11], "ferrocast_batch_rows_bucket{model=\"a\",version=\"1\",le=\"+Inf\"} 4");
        assert_eq!(samples[12], "ferrocast_batch_rows_sum{model=\"a\",version=\"1\"} 2051");
        assert_eq!(samples[13], "ferrocast_batch_rows_count{model=\"a\",version=\"1\"} 4");
    }
}
