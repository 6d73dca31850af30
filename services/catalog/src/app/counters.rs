//! What the service counts.

use common::metrics::Metrics;
use prometheus::IntCounterVec;

/// Counters of answers.
#[derive(Clone)]
pub(crate) struct Counters {
    answers: IntCounterVec,
}

/// Where a public answer came from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// This process had it ready.
    Here,
    /// Redis had it.
    Redis,
    /// It was made anew.
    Postgres,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Redis => "redis",
            Self::Postgres => "postgres",
        }
    }
}

impl Counters {
    /// Registers them all, so that each exists from the start.
    ///
    /// # Errors
    /// When a name is taken.
    pub(crate) fn register(metrics: &Metrics) -> Result<Self, prometheus::Error> {
        let answers = metrics.counter(
            "catalog_answers_total",
            "Public answers, and where from",
            &["source"],
        )?;
        for source in [Source::Here, Source::Redis, Source::Postgres] {
            answers.with_label_values(&[source.name()]);
        }
        Ok(Self { answers })
    }

    /// One answer.
    pub(crate) fn answered(&self, source: Source) {
        self.answers.with_label_values(&[source.name()]).inc();
    }
}
