//! A reader of the text format that takes nothing but what the format says.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

use std::collections::{BTreeMap, BTreeSet};

/// What was scraped.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    /// Types by metric.
    pub(crate) types: BTreeMap<String, String>,
    pub(crate) samples: Vec<Sample>,
}

/// One series with its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    /// The metric that it is of: for `a_bucket` of a histogram `a`.
    pub(crate) family: String,
    pub(crate) name: String,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: f64,
}

impl Sample {
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(known, _)| known == name).map(|(_, value)| &value[..])
    }
}

impl Exposition {
    /// Panics where the text breaks the format: heads before samples, samples of a metric together, no series twice,
    /// histograms that add up.
    pub(crate) fn read(text: &str) -> Exposition {
        assert!(text.ends_with('\n'), "the last line has no end");
        let mut exposition = Exposition::default();
        let mut helped = BTreeSet::new();
        let mut current = String::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(helped.insert(name.to_owned()), "{name} has two heads");
                assert!(!help.is_empty() && !help.contains('\\'), "{line}");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(helped.contains(name), "{name} has a type before its help");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                exposition.types.insert(name.to_owned(), kind.to_owned());
                current = name.to_owned();
            } else {
                let sample = read_sample(line, &current, &exposition.types[&current]);
                exposition.samples.push(sample);
            }
        }
        exposition.check_series();
        exposition.check_histograms();
        exposition
    }

    /// The values of a series; `name{a="b"}` as in the text.
    pub(crate) fn value(&self, series: &str) -> f64 {
        let wanted = read_labels(series);
        let found = self.samples.iter().find(|sample| (&sample.name, &sample.labels) == (&wanted.0, &wanted.1));
        found.unwrap_or_else(|| panic!("there is no {series}")).value
    }

    /// Whether there is a sample of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.samples.iter().any(|sample| sample.name == name)
    }

    fn check_series(&self) {
        let mut seen = BTreeSet::new();
        for sample in &self.samples {
            assert!(seen.insert((&sample.name, &sample.labels)), "twice: {sample:?}");
        }
        let counted: BTreeSet<_> = self.samples.iter().map(|sample| &sample.family).collect();
        assert_eq!(counted, self.types.keys().collect(), "a head without samples");
    }

    fn check_histograms(&self) {
        let mut buckets: BTreeMap<_, Vec<(f64, f64)>> = BTreeMap::new();
        for sample in self.samples.iter().filter(|sample| sample.name.ends_with("_bucket")) {
            let others: Vec<_> = sample.labels.iter().filter(|(name, _)| name != "le").cloned().collect();
            let bound = sample.label("le").unwrap().replace("+Inf", "inf").parse().unwrap();
            buckets.entry((sample.family.clone(), others)).or_default().push((bound, sample.value));
        }
        for ((family, labels), buckets) in buckets {
            let ascending = buckets.is_sorted_by(|(bound, number), (next, more)| bound < next && number <= more);
            assert!(ascending, "{family}: {buckets:?}");
            let find = |suffix: &str| {
                let name = format!("{family}{suffix}");
                self.samples.iter().find(|sample| sample.name == name && sample.labels == labels).unwrap().value
            };
            assert_eq!(buckets.last(), Some(&(f64::INFINITY, find("_count"))), "{family}");
            assert!(find("_sum") >= 0.0);
        }
    }
}

fn read_sample(line: &str, family: &str, kind: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = read_labels(series);
    let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} is below the head of {family}"));
    let suffixes: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
    assert!(suffixes.contains(&suffix), "{line} is no sample of {family}");
    assert_eq!(suffix == "_bucket", labels.last().is_some_and(|(name, _)| name == "le"), "{line}");
    Sample { family: family.to_owned(), name, labels, value: value.parse().unwrap() }
}

/// `name` or `name{a="b",c="d"}`.
fn read_labels(series: &str) -> (String, Vec<(String, String)>) {
    let Some((name, rest)) = series.split_once('{') else {
        assert!(is_name(series), "{series}");
        return (series.to_owned(), Vec::new());
    };
    assert!(is_name(name), "{series}");
    let mut rest = rest;
    let mut labels = Vec::new();
    loop {
        let (label, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("{series}"));
        assert!(is_name(label), "{series}");
        let mut text = String::new();
        let mut chars = value.chars();
        loop {
            match chars.next() {
                Some('"') => break,
                Some('\\') => text.push(match chars.next() {
                    Some('n') => '\n',
                    Some(c @ ('\\' | '"')) => c,
                    other => panic!("{series}: \\{other:?}"),
                }),
                Some(c) => text.push(c),
                None => panic!("{series} ends within a value"),
            }
        }
        labels.push((label.to_owned(), text));
        match chars.as_str() {
            "}" => return (name.to_owned(), labels),
            more => rest = more.strip_prefix(',').unwrap_or_else(|| panic!("{series}")),
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
