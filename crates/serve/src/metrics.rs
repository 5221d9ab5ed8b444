//! What is counted, and how Prometheus reads it.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::shadow::Compared;

/// What all requests of one kind have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Labels {
    pub route: &'static str,
    /// Of models that are served alone: whoever asks for others makes up no label.
    pub model: String,
    pub version: String,
}

/// What was counted since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    requests: BTreeMap<(Labels, u16), u64>,
    seconds: BTreeMap<Labels, Histogram>,
    models: BTreeMap<(String, String), OfModel>,
    reloads: BTreeMap<(String, &'static str), u64>,
    unreadable: u64,
    shadows: BTreeMap<(String, String), Compared>,
}

#[derive(Debug, Default, Clone)]
struct OfModel {
    rows: u64,
    refused: u64,
    /// By flaw: how many cells had it, and how many of these were filled in.
    cells: BTreeMap<&'static str, (u64, u64)>,
}

/// How long requests took.
#[derive(Debug, Default, Clone)]
pub(crate) struct Histogram {
    /// How many took no longer than each bound, and longer than the one before; the last are those beyond all.
    buckets: [u64; BOUNDS.len() + 1],
    seconds: f64,
}

/// In seconds.
const BOUNDS: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

type OfShadow = (&'static str, &'static str, fn(&Compared) -> f64);

const SHADOWS: [OfShadow; 5] = [
    ("automl_pack_shadow_rows_total", "Rows that a version scored along.", |of| of.rows as f64),
    (
        "automl_pack_shadow_labels_changed_total",
        "Rows of which it gave another label than was answered.",
        |of| of.labels_changed as f64,
    ),
    (
        "automl_pack_shadow_difference_total",
        "How far its probabilities or values were from those answered, over all rows.",
        |of| of.difference,
    ),
    ("automl_pack_shadow_refused_total", "What it refused although it was answered.", |of| of.refused as f64),
    ("automl_pack_shadow_left_out_total", "Requests that it did not score because others waited.", |of| {
        of.left_out as f64
    }),
];

/// What scoring told of some rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scored {
    pub rows: u64,
    pub refused: u64,
    pub cells: Vec<(&'static str, u64, u64)>,
}

/// What there is besides what is counted: its name, what it tells, and a value for each set of labels.
pub(crate) struct Gauge {
    pub name: &'static str,
    pub about: &'static str,
    pub values: Vec<(Vec<(&'static str, String)>, f64)>,
}

impl Metrics {
    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn answered(&self, labels: Labels, status: u16, took: Duration) {
        let mut counts = self.lock();
        counts.seconds.entry(labels.clone()).or_default().add(took.as_secs_f64());
        *counts.requests.entry((labels, status)).or_default() += 1;
    }

    pub(crate) fn scored(&self, model: &str, version: &str, scored: &Scored) {
        let mut counts = self.lock();
        let of = counts.models.entry((model.to_owned(), version.to_owned())).or_default();
        of.rows += scored.rows;
        of.refused += scored.refused;
        for (flaw, cells, imputed) in &scored.cells {
            let count = of.cells.entry(flaw).or_default();
            *count = (count.0 + cells, count.1 + imputed);
        }
    }

    /// A connection said what is no HTTP, or too much of it.
    pub(crate) fn unreadable(&self) {
        self.lock().unreadable += 1;
    }

    pub(crate) fn compared(&self, model: &str, version: &str, compared: &Compared) {
        self.lock().shadows.entry((model.to_owned(), version.to_owned())).or_default().add(compared);
    }

    /// What a version gave that scored along.
    pub(crate) fn of_shadow(&self, model: &str, version: &str) -> Compared {
        self.lock().shadows.get(&(model.to_owned(), version.to_owned())).copied().unwrap_or_default()
    }

    pub(crate) fn reloaded(&self, model: &str, outcome: &'static str) {
        *self.lock().reloads.entry((model.to_owned(), outcome)).or_default() += 1;
    }

    /// Rows, and the seconds that half and 99 of 100 requests of a model took at most, of all that it scored.
    pub(crate) fn of_model(&self, model: &str, version: &str) -> (u64, u64, Option<f64>, Option<f64>) {
        let counts = self.lock();
        let mut all = Histogram::default();
        let scoring = |labels: &Labels| labels.model == model && labels.version == version;
        for (_, histogram) in counts.seconds.iter().filter(|(labels, _)| scoring(labels)) {
            all.merge(histogram);
        }
        let rows = counts.models.get(&(model.to_owned(), version.to_owned())).map_or(0, |of| of.rows);
        (all.count(), rows, all.quantile(0.5), all.quantile(0.99))
    }

    /// All of it as Prometheus reads it.
    pub(crate) fn text(&self, gauges: &[Gauge]) -> String {
        let counts = self.lock();
        let mut text = Text::default();
        text.begin("automl_pack_requests_total", "counter", "Requests that were answered.");
        for ((labels, status), count) in &counts.requests {
            let labels = [of_labels(labels).as_slice(), &[("status", status.to_string())]].concat();
            text.value("automl_pack_requests_total", &labels, *count as f64);
        }
        text.begin(
            "automl_pack_requests_unreadable_total",
            "counter",
            "What came and was no HTTP, or too much of it.",
        );
        text.value("automl_pack_requests_unreadable_total", &[], counts.unreadable as f64);
        text.begin(
            "automl_pack_request_seconds",
            "histogram",
            "How long answers took, from the request's headers on.",
        );
        for (labels, histogram) in &counts.seconds {
            text.histogram("automl_pack_request_seconds", &of_labels(labels), histogram);
        }
        for (name, about, value) in [
            ("automl_pack_rows_total", "Rows that came to be scored.", (|of| of.rows) as fn(&OfModel) -> u64),
            ("automl_pack_rows_refused_total", "Rows that got no score.", |of| of.refused),
        ] {
            text.begin(name, "counter", about);
            for ((model, version), of) in &counts.models {
                text.value(name, &of_model(model, version), value(of) as f64);
            }
        }
        for (name, about, place) in [
            (
                "automl_pack_cells_flawed_total",
                "Cells that were missing, unseen, unreadable or out of range.",
                0,
            ),
            ("automl_pack_cells_imputed_total", "Cells that were filled in.", 1),
        ] {
            text.begin(name, "counter", about);
            for ((model, version), of) in &counts.models {
                for (flaw, cells) in &of.cells {
                    let labels =
                        [of_model(model, version).as_slice(), &[("flaw", (*flaw).to_owned())]].concat();
                    text.value(name, &labels, if place == 0 { cells.0 } else { cells.1 } as f64);
                }
            }
        }
        text.begin(
            "automl_pack_reloads_total",
            "counter",
            "Bundles that were opened again, by how that went.",
        );
        for ((model, outcome), count) in &counts.reloads {
            let labels = [("model", model.clone()), ("outcome", (*outcome).to_owned())];
            text.value("automl_pack_reloads_total", &labels, *count as f64);
        }
        for (name, about, value) in SHADOWS {
            text.begin(name, "counter", about);
            for ((model, version), compared) in &counts.shadows {
                text.value(name, &of_model(model, version), value(compared));
            }
        }
        for gauge in gauges {
            text.begin(gauge.name, "gauge", gauge.about);
            for (labels, value) in &gauge.values {
                text.value(gauge.name, labels, *value);
            }
        }
        text.0
    }
}

fn of_labels(labels: &Labels) -> Vec<(&'static str, String)> {
    let mut pairs = vec![("route", labels.route.to_owned())];
    pairs.extend(of_model(&labels.model, &labels.version));
    pairs
}

fn of_model(model: &str, version: &str) -> Vec<(&'static str, String)> {
    vec![("model", model.to_owned()), ("version", version.to_owned())]
}

impl Histogram {
    fn add(&mut self, seconds: f64) {
        self.buckets[BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
        self.seconds += seconds;
    }

    fn merge(&mut self, other: &Histogram) {
        self.buckets.iter_mut().zip(other.buckets).for_each(|(mine, other)| *mine += other);
        self.seconds += other.seconds;
    }

    fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The seconds that a share of the requests took at most, between two bounds in proportion.
    fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = share * self.count() as f64;
        let mut before = 0.0;
        for (place, count) in self.buckets.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = *count as f64;
            if before + count >= wanted {
                let low = if place == 0 { 0.0 } else { BOUNDS[place - 1] };
                let high = BOUNDS.get(place).copied().unwrap_or(low);
                return Some(low + (high - low) * (wanted - before) / count);
            }
            before += count;
        }
        None
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn begin(&mut self, name: &str, kind: &str, about: &str) {
        let _ = writeln!(self.0, "# HELP {name} {about}\n# TYPE {name} {kind}");
    }

    fn value(&mut self, name: &str, labels: &[(&'static str, String)], value: f64) {
        self.0.push_str(name);
        for (place, (label, of)) in labels.iter().filter(|(_, of)| !of.is_empty()).enumerate() {
            let of = of.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{of}\"", if place == 0 { '{' } else { ',' });
        }
        let close = if labels.iter().any(|(_, of)| !of.is_empty()) { "}" } else { "" };
        let _ = writeln!(self.0, "{close} {value}");
    }

    fn histogram(&mut self, name: &str, labels: &[(&'static str, String)], of: &Histogram) {
        let mut sum = 0;
        for (place, count) in of.buckets.iter().enumerate() {
            sum += count;
            let bound = BOUNDS.get(place).map_or("+Inf".to_owned(), f64::to_string);
            self.value(&format!("{name}_bucket"), &[labels, &[("le", bound)]].concat(), sum as f64);
        }
        self.value(&format!("{name}_sum"), labels, of.seconds);
        self.value(&format!("{name}_count"), labels, sum as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_tells_quantiles() {
        let mut histogram = Histogram::default();
        (0..100).for_each(|_| histogram.add(0.0002));
        assert!((0.0001..=0.00025).contains(&histogram.quantile(0.5).unwrap_or_default()));
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn labels_are_escaped_and_empty_ones_left_out() {
        let mut text = Text::default();
        text.value("x", &[("a", "\"\\\n".to_owned()), ("b", String::new())], 1.0);
        text.value("y", &[("b", String::new())], 0.5);
        assert_eq!(text.0, "x{a=\"\\\"\\\\\\n\"} 1\ny 0.5\n");
    }
}
