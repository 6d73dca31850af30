//! Reading lists: transactions by cursor, what the provider has no cursor for by pages.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use url::Url;

use super::wire::{CursorMeta, RefundData, TransactionData, unreadable};
use super::{Paystack, answer};
use crate::clients::gateway::{GatewayError, Listed, ListedPage, ListedRefund, Patience};
use crate::domain::observation::Observation;
use crate::domain::window::Window;

/// Rows of a page; the most that the provider is known to give. It may give fewer, so that only a page without any is the end.
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
    narrow(&mut url, window);
    url.query_pairs_mut()
        .append_pair("perPage", &ROWS.to_string())
        .append_pair("use_cursor", "true");
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
    narrow(&mut url, window);
    let asked = ("list_all_refunds", "refund");
    let listed = self::page(paystack, asked, url, page, RefundData::listed).await?;
    let next = (!listed.is_empty).then(|| page.saturating_add(1).to_string());
    Ok(Listed {
        rows: listed.rows,
        next,
    })
}

/// A page, from 1, of a list: which call it is, and what is on it.
pub(super) async fn page<W: DeserializeOwned, T>(
    paystack: &Paystack,
    (call, what): (&'static str, &'static str),
    mut url: Url,
    page: u32,
    open: fn(W) -> Result<T, GatewayError>,
) -> Result<ListedPage<T>, GatewayError> {
    url.query_pairs_mut()
        .append_pair("perPage", &ROWS.to_string())
        .append_pair("page", &page.to_string());
    let request = paystack.get(url);
    let rows: Rows = paystack.ask(call, request, Patience::Usual).await?;
    Ok(ListedPage {
        is_empty: rows.is_empty(),
        rows: readable(what, rows, open),
    })
}

/// Asks for a time only.
pub(super) fn narrow(url: &mut Url, window: Window) {
    url.query_pairs_mut()
        .append_pair("from", &written(window.from))
        .append_pair("to", &written(window.to));
}

/// With its zone, as nobody says which one the provider would assume.
pub(super) fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The rows that can be read. One that cannot is left out and said loudly: what we know of it is then asked for by name.
fn readable<W: DeserializeOwned, T>(
    what: &'static str,
    rows: Rows,
    open: fn(W) -> Result<T, GatewayError>,
) -> Vec<T> {
    let read = |row: Box<RawValue>| {
        let row = serde_json::from_str(row.get());
        let row: W = row.map_err(|_error| unreadable("a field is missing or of another type"))?;
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
