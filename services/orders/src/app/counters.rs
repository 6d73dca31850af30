//! What the service counts.

use common::metrics::Metrics;
use money::Currency;
use prometheus::IntCounterVec;

use crate::domain::status::Goods;

/// Counters of orders.
#[derive(Clone)]
pub(crate) struct Counters {
    placed: IntCounterVec,
    settled: IntCounterVec,
    documents: IntCounterVec,
}

/// What was done for a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Document {
    /// It has its number and its content.
    Issued,
    /// Its PDF is there.
    Drawn,
}

impl Counters {
    /// Registers them all, so that each exists from the start.
    ///
    /// # Errors
    /// When a name is taken.
    pub(crate) fn register(metrics: &Metrics) -> Result<Self, prometheus::Error> {
        let counters = Self {
            placed: metrics.counter(
                "orders_placed_total",
                "Orders that were placed",
                &["currency"],
            )?,
            settled: metrics.counter(
                "orders_settled_total",
                "Orders that were paid, by what became of their goods",
                &["goods"],
            )?,
            documents: metrics.counter(
                "orders_documents_total",
                "Invoices and credit notes that were issued and drawn",
                &["step"],
            )?,
        };
        for currency in Currency::ALL {
            let _ = counters.placed.with_label_values(&[currency.code()]);
        }
        for goods in [Goods::Sold, Goods::Gone] {
            let _ = counters.settled.with_label_values(&[name(goods)]);
        }
        for step in ["issued", "drawn"] {
            let _ = counters.documents.with_label_values(&[step]);
        }
        Ok(counters)
    }

    /// An order was placed.
    pub(crate) fn placed(&self, currency: &str) {
        self.placed.with_label_values(&[currency]).inc();
    }

    /// An order was settled.
    pub(crate) fn settled(&self, goods: Goods) {
        self.settled.with_label_values(&[name(goods)]).inc();
    }

    /// So many documents have come so far.
    pub(crate) fn documents(&self, step: Document, count: usize) {
        let step = match step {
            Document::Issued => "issued",
            Document::Drawn => "drawn",
        };
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.documents.with_label_values(&[step]).inc_by(count);
    }
}

fn name(goods: Goods) -> &'static str {
    match goods {
        Goods::Sold => "sold",
        Goods::Gone => "gone",
    }
}
