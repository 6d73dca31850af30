//! What an event told about a mail that nobody tells again.

use chrono::{DateTime, Utc};
use events::disputes::DisputeOutcome;
use money::{Amount, Currency};
use serde::{Deserialize, Serialize, Serializer};

/// An amount of money that went back or is wanted back, and what there is about it. Nothing personal: it is stored in clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    /// As text: a JSON number that passes through a database may come back as a float.
    #[serde(serialize_with = "as_text")]
    pub(crate) amount: Amount,
    pub(crate) currency: Currency,
    /// The credit note's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) document_number: Option<String>,
    /// Until when a dispute is to be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due_at: Option<DateTime<Utc>>,
    /// How a dispute ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<DisputeOutcome>,
}

impl Told {
    /// An amount, and nothing else about it yet.
    pub(crate) fn of(amount: Amount, currency: Currency) -> Self {
        Self {
            amount,
            currency,
            document_number: None,
            due_at: None,
            outcome: None,
        }
    }
}

fn as_text<S: Serializer>(amount: &Amount, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_amount_that_no_float_could_hold_is_kept_to_the_last_digit() {
        let told = Told::of("90071992547409.93".parse().unwrap(), Currency::Ngn);
        let stored = serde_json::to_value(&told).unwrap();
        assert_eq!(
            stored,
            json!({ "amount": "90071992547409.93", "currency": "NGN" })
        );
        assert_eq!(serde_json::from_value::<Told>(stored).unwrap(), told);
    }
}
