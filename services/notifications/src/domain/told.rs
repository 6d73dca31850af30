//! What an event told about a mail that nobody tells again.

use money::{Amount, Currency};
use serde::{Deserialize, Serialize, Serializer};

/// An amount of money that went back, and the document about it. Nothing personal: it is stored in clear.
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
        let told = Told {
            amount: "90071992547409.93".parse().unwrap(),
            currency: Currency::Ngn,
            document_number: None,
        };
        let stored = serde_json::to_value(&told).unwrap();
        assert_eq!(
            stored,
            json!({ "amount": "90071992547409.93", "currency": "NGN" })
        );
        assert_eq!(serde_json::from_value::<Told>(stored).unwrap(), told);
    }
}
