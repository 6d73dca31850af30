//! What finance is told of a day's payments.

use chrono::NaiveDate;
use events::reconciliation::{ClassTotal, CurrencyTotal, ReconciliationCompleted};
use serde::{Deserialize, Serialize};

use super::price::amount;

/// Where payments lets the mismatches be read, below the API's own address.
const RUNS: &str = "/api/v1/admin/reconciliation/runs";

/// The report about a day, as its mail shows it. Nothing personal: it is stored in clear, and its receiver as a blind index.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// Whose mail it is, in hexadecimal digits.
    pub(crate) receiver: String,
    date: String,
    /// In a few words.
    verdict: String,
    totals: Vec<Total>,
    classes: Vec<Class>,
    /// Where the file with all mismatches is.
    path: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Total {
    currency: String,
    count: i64,
    gross: String,
    fees: String,
    net: String,
    refunds: i64,
    refunded: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Class {
    name: String,
    count: i64,
    repaired: i64,
    open: i64,
}

impl Report {
    /// The report that an event tells, for one receiver.
    pub(crate) fn of(event: &ReconciliationCompleted, receiver: String) -> Self {
        Self {
            receiver,
            date: shown(event.business_date),
            verdict: verdict(&event.classes),
            totals: event.totals.iter().map(Total::of).collect(),
            classes: event.classes.iter().map(Class::of).collect(),
            path: format!("{RUNS}/{}/report.csv", event.run_id),
        }
    }
}

impl Total {
    fn of(total: &CurrencyTotal) -> Self {
        Self {
            currency: total.currency.clone(),
            count: total.transactions,
            gross: amount(total.gross),
            fees: amount(total.fees),
            net: amount(total.net),
            refunds: total.refunds,
            refunded: amount(total.refunded),
        }
    }
}

impl Class {
    fn of(class: &ClassTotal) -> Self {
        Self {
            name: class.class.clone(),
            count: class.count,
            repaired: class.repaired,
            open: class.open,
        }
    }
}

fn shown(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

fn verdict(classes: &[ClassTotal]) -> String {
    let open: i64 = classes.iter().map(|class| class.open).sum();
    let repaired: i64 = classes.iter().map(|class| class.repaired).sum();
    match (open, repaired) {
        (0, 0) => "all agrees".to_owned(),
        (0, repaired) => format!("all agrees, {repaired} repaired"),
        (open, 0) => format!("{open} to look at"),
        (open, repaired) => format!("{open} to look at, {repaired} repaired"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(repaired: i64, open: i64) -> ClassTotal {
        ClassTotal {
            class: "status".to_owned(),
            count: repaired + open,
            repaired,
            open,
        }
    }

    #[test]
    fn a_verdict_says_first_what_somebody_has_to_do() {
        for (classes, expected) in [
            (vec![], "all agrees"),
            (vec![class(2, 0)], "all agrees, 2 repaired"),
            (vec![class(0, 1), class(0, 2)], "3 to look at"),
            (vec![class(2, 1)], "1 to look at, 2 repaired"),
        ] {
            assert_eq!(verdict(&classes), expected);
        }
    }
}
