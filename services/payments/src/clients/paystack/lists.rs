//! Lists of everything, for comparing: transactions by cursor, refunds by pages, which the provider has no cursor for.

use chrono::SecondsFormat;
use serde_json::value::RawValue;
use url::Url;

use super::wire::{CursorMeta, RefundData, TransactionData};
use super::{Paystack, answer};
use crate::clients::gateway::{GatewayError, Listed, ListedRefund, Patience};
use crate::domain::observation::Observation;
use crate::domain::reconciliation::day::Window;

/// Rows of a page; the most that the provider is known to give.
const ROWS: usize = 100;

/// A row that is read by itself, so that one that cannot be read spoils no other.
type Rows = Vec<Box<RawValue>>;

/// Some transactions. What is new meanwhile comes before the cursor, and shifts nothing.
pub(super) async fn transactions(
    paystack: &Paystack,
    window: Window,
    cursor: Option<&str>,
) -> Result<Listed<Observation>, GatewayError> {
    let mut url = paystack.url(&["transaction"])?;
    narrow(&mut url, window).append_pair("use_cursor", "true");
    if let Some(cursor) = cursor {
        url.query_pairs_mut().append_pair("next", cursor);
    }
    let request = paystack.get(url);
    let read = answer::understand_with::<Rows, CursorMeta>;
    let (rows, meta) = paystack
        .ask_for("list_transactions", request, Patience::Usual, read)
        .await?;
    let next = meta.next();
    if next.is_some() && next.as_deref() == cursor {
        return Err(GatewayError::Unknown(
            "the list of transactions goes in circles".to_owned(),
        ));
    }
    let rows = readable("transaction", rows, TransactionData::open);
    Ok(Listed { rows, next })
}

/// Some refunds. The window ended before the first page was read, so pages do not shift.
pub(super) async fn refunds(
    paystack: &Paystack,
    window: Window,
    cursor: Option<&str>,
) -> Result<Listed<ListedRefund>, GatewayError> {
    let page: u32 = cursor.map_or(Ok(1), str::parse).unwrap_or(1);
    let mut url = paystack.url(&["refund"])?;
    narrow(&mut url, window).append_pair("page", &page.to_string());
    let request = paystack.get(url);
    let rows: Rows = paystack
        .ask("list_all_refunds", request, Patience::Usual)
        .await?;
    // The provider may give fewer than it was asked for, so only an empty page is the end.
    let is_last = rows.is_empty();
    let rows = readable("refund", rows, RefundData::listed);
    let next = (!is_last).then(|| page.saturating_add(1).to_string());
    Ok(Listed { rows, next })
}

fn narrow(
    url: &mut Url,
    window: Window,
) -> url::form_urlencoded::Serializer<'_, url::UrlQuery<'_>> {
    // With its zone, as nobody says which one the provider would assume.
    let time =
        |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut query = url.query_pairs_mut();
    query
        .append_pair("perPage", &ROWS.to_string())
        .append_pair("from", &time(window.from))
        .append_pair("to", &time(window.to));
    query
}

/// The rows that can be read. One that cannot is left out and said loudly: what we know of it is then asked for by name.
fn readable<W, T>(what: &'static str, rows: Rows, open: fn(W) -> Result<T, GatewayError>) -> Vec<T>
where
    W: serde::de::DeserializeOwned,
{
    let read = |row: Box<RawValue>| {
        let row: W = serde_json::from_str(row.get())
            .map_err(|error| GatewayError::Unknown(error.to_string()))?;
        open(row)
    };
    let told = |row: Box<RawValue>| {
        read(row)
            .inspect_err(|error| {
                tracing::error!(what, cause = %error, "a row of the payment provider's list cannot be read");
            })
            .ok()
    };
    rows.into_iter().filter_map(told).collect()
}
