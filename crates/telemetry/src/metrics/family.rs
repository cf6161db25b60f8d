//! What a metric is, and its series in the form that the library writes.

use std::borrow::Borrow;
use std::iter;

use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

use super::buckets::Buckets;
use super::histogram::Distribution;

/// A metric: all series of one name.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    /// What its series are told apart by.
    pub(crate) labels: &'static [&'static str],
    kind: MetricType,
    pub(crate) buckets: &'static Buckets,
}

impl Family {
    /// One whose values only grow.
    pub(crate) const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
        Family { name, help, labels, kind: MetricType::COUNTER, buckets: &Buckets::NONE }
    }

    /// One whose values go up and down.
    pub(crate) const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
        Family { name, help, labels, kind: MetricType::GAUGE, buckets: &Buckets::NONE }
    }

    /// One whose values are sorted into buckets.
    pub(crate) const fn histogram(
        name: &'static str,
        labels: &'static [&'static str],
        buckets: &'static Buckets,
        help: &'static str,
    ) -> Family {
        Family { name, help, labels, kind: MetricType::HISTOGRAM, buckets }
    }

    /// With the one series of a metric without labels.
    pub(crate) fn single(&self, value: f64) -> MetricFamily {
        self.values([(iter::empty::<String>(), value)])
    }

    /// With a series for each value. Before it stand the values of the metric's labels, in their order.
    pub(crate) fn values<L>(&self, series: impl IntoIterator<Item = (L, f64)>) -> MetricFamily
    where
        L: IntoIterator<Item: Into<String>>,
    {
        self.with(series.into_iter().map(|(labels, value)| {
            let mut metric = self.metric(labels);
            if self.kind == MetricType::GAUGE {
                let mut gauge = Gauge::default();
                gauge.set_value(value);
                metric.set_gauge(gauge);
            } else {
                let mut counter = Counter::default();
                counter.set_value(value);
                metric.set_counter(counter);
            }
            metric
        }))
    }

    /// The same of a histogram.
    pub(crate) fn distributions<L>(
        &self,
        series: impl IntoIterator<Item = (L, impl Borrow<Distribution>)>,
    ) -> MetricFamily
    where
        L: IntoIterator<Item: Into<String>>,
    {
        self.with(series.into_iter().map(|(labels, distribution)| {
            let mut metric = self.metric(labels);
            metric.set_histogram(distribution.borrow().written(self.buckets));
            metric
        }))
    }

    /// With series that have their labels and values.
    pub(crate) fn with(&self, series: impl Iterator<Item = Metric>) -> MetricFamily {
        let mut family = MetricFamily::default();
        family.set_name(self.name.to_owned());
        family.set_help(self.help.to_owned());
        family.set_field_type(self.kind);
        family.set_metric(series.collect());
        family
    }

    fn metric(&self, labels: impl IntoIterator<Item: Into<String>>) -> Metric {
        let pairs = self.labels.iter().zip(labels).map(|(name, value)| {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value(value.into());
            pair
        });
        Metric::from_label(pairs.collect())
    }
}

#[cfg(test)]
mod tests {
    use prometheus::TextEncoder;
    use prometheus::proto::MetricFamily;

    use crate::metrics::histogram::Distribution;
    use crate::metrics::{BATCH_ROWS, MODEL_LOADS, READY};

    fn text(family: MetricFamily) -> String {
        TextEncoder::new().encode_to_string(&[family]).unwrap()
    }

    #[test]
    fn a_gauge_is_written_below_its_help() {
        let expected = "# HELP ferrocast_ready 1 while the server should be sent requests, 0 while it should not.\n\
            # TYPE ferrocast_ready gauge\n\
            ferrocast_ready 1\n";
        assert_eq!(text(READY.single(1.0)), expected);
    }

    #[test]
    fn series_have_their_labels() {
        let expected = "# HELP ferrocast_model_loads_total Versions loaded.\n\
            # TYPE ferrocast_model_loads_total counter\n\
            ferrocast_model_loads_total{model=\"a\"} 2\n\
            ferrocast_model_loads_total{model=\"b \\\"\\\\\\n é\"} 3\n";
        assert_eq!(text(MODEL_LOADS.values([(["a"], 2.0), (["b \"\\\n é"], 3.0)])), expected);
    }

    #[test]
    fn buckets_hold_what_is_below_them() {
        let mut distribution = Distribution { sum: 2_051, ..Distribution::default() };
        distribution.cells[0] = 2;
        distribution.cells[10] = 1;
        distribution.cells[11] = 1;
        let text = text(BATCH_ROWS.distributions([(["a", "1"], distribution)]));
        let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(samples.len(), 14);
        assert_eq!(samples[0], "ferrocast_batch_rows_bucket{model=\"a\",version=\"1\",le=\"1\"} 2");
        assert_eq!(samples[10], "ferrocast_batch_rows_bucket{model=\"a\",version=\"1\",le=\"1024\"} 3");
        assert_eq!(samples[11], "ferrocast_batch_rows_bucket{model=\"a\",version=\"1\",le=\"+Inf\"} 4");
        assert_eq!(samples[12], "ferrocast_batch_rows_sum{model=\"a\",version=\"1\"} 2051");
        assert_eq!(samples[13], "ferrocast_batch_rows_count{model=\"a\",version=\"1\"} 4");
    }
}
