//! The payment provider on the wire: it keeps a journal of what it really did, and misbehaves on command.

mod books;
mod lists;

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use test_support::stand_in::StandIn;

use books::{Books, shown};

/// The account's secret key.
pub const KEY: &str = "sk_test_agape_0123456789abcdef";

/// How one call goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// An error of its own, nothing done.
    Error500,
    /// A page of a proxy, nothing done.
    Html,
    /// No answer, nothing done.
    Silence,
    /// The connection is closed, nothing done.
    HangUp,
    /// A success that says it is none, nothing done.
    StatusFalse,
    /// Too many requests.
    RateLimited,
    /// Done, and the connection is closed.
    DoneThenHangUp,
    /// Done, and no answer.
    DoneThenSilence,
    /// Done, and an error of its own.
    DoneThenError500,
    /// Refused, in its own words.
    Refuse(&'static str),
    /// Nothing goes wrong; for letting some calls pass before others do not.
    Well,
}

/// A transaction of its.
#[derive(Debug, Clone)]
pub struct Transaction {
    pub id: u64,
    pub reference: String,
    pub amount: i64,
    pub requested: i64,
    pub currency: String,
    pub status: String,
    pub channel: String,
    pub domain: String,
    pub fees: Option<i64>,
    pub created_at: DateTime<Utc>,
    /// When it was paid, once it is.
    pub paid_at: DateTime<Utc>,
    /// Whether it ever took money.
    pub is_captured: bool,
}

/// A refund of its.
#[derive(Debug, Clone)]
pub struct VendorRefund {
    pub id: u64,
    pub transaction: u64,
    pub amount: i64,
    pub currency: String,
    pub status: String,
    pub note: Option<String>,
    pub dispute: Option<u64>,
    pub created_at: DateTime<Utc>,
}

/// The provider.
pub struct Paystack {
    books: Arc<Mutex<Books>>,
    server: StandIn,
}

impl Paystack {
    pub fn start() -> Self {
        let books = Arc::new(Mutex::new(Books {
            // Beyond 32 bits, as the real ones are.
            next_id: 4_099_260_516,
            page: 100,
            ..Books::default()
        }));
        let answering = Arc::clone(&books);
        let server = StandIn::start(move |request| answering.lock().unwrap().answer(request));
        Self { books, server }
    }

    pub fn origin(&self) -> String {
        self.server.origin.clone()
    }

    /// Has the next calls to `endpoint` go wrong: `initialize`, `verify`, `refund`, `list_refunds`, `fetch_refund`,
    /// `list_transactions` or `list_all_refunds`.
    pub fn fail(&self, endpoint: &'static str, faults: &[Fault]) {
        let mut books = self.books.lock().unwrap();
        let queue = books.faults.entry(endpoint).or_default();
        queue.extend(faults.iter().cloned());
    }

    /// Behaves again.
    pub fn behave(&self) {
        self.books.lock().unwrap().faults.clear();
    }

    /// How often `endpoint` was asked.
    pub fn asked(&self, endpoint: &str) -> usize {
        let books = self.books.lock().unwrap();
        books
            .asked
            .iter()
            .filter(|(asked, _)| *asked == endpoint)
            .count()
    }

    /// The bodies or paths that `endpoint` was asked with.
    pub fn questions(&self, endpoint: &str) -> Vec<String> {
        let books = self.books.lock().unwrap();
        let asked = books.asked.iter().filter(|(asked, _)| *asked == endpoint);
        asked.map(|(_, what)| what.clone()).collect()
    }

    pub fn transactions(&self) -> Vec<Transaction> {
        let books = self.books.lock().unwrap();
        books.transactions.values().cloned().collect()
    }

    pub fn transaction(&self, reference: &str) -> Transaction {
        self.books.lock().unwrap().transactions[reference].clone()
    }

    pub fn refunds(&self) -> Vec<VendorRefund> {
        self.books.lock().unwrap().refunds.clone()
    }

    /// Changes a transaction.
    pub fn change(&self, reference: &str, change: impl FnOnce(&mut Transaction)) {
        let mut books = self.books.lock().unwrap();
        change(books.transactions.get_mut(reference).unwrap());
    }

    /// Has the buyer pay what was asked for.
    pub fn pay(&self, reference: &str) {
        self.change(reference, |one| {
            one.status = "success".to_owned();
            one.fees = Some(one.amount / 100);
            one.is_captured = true;
        });
    }

    pub fn set_status(&self, reference: &str, status: &str) {
        self.change(reference, |one| one.status = status.to_owned());
    }

    /// Moves a refund on.
    pub fn set_refund(&self, id: u64, status: &str) {
        let mut books = self.books.lock().unwrap();
        let mut refunds = books.refunds.iter_mut();
        refunds.find(|one| one.id == id).unwrap().status = status.to_owned();
    }

    /// Moves all refunds on that have not ended.
    pub fn finish_refunds(&self) {
        self.finish_refunds_but(0);
    }

    /// The same, but for one.
    pub fn finish_refunds_but(&self, other: u64) {
        let mut books = self.books.lock().unwrap();
        for refund in &mut books.refunds {
            if refund.id != other && !matches!(refund.status.as_str(), "processed" | "failed") {
                refund.status = "processed".to_owned();
            }
        }
    }

    /// Somebody gives money back at the provider's own desk.
    pub fn refund_at_the_desk(&self, reference: &str, amount: i64) -> u64 {
        let mut books = self.books.lock().unwrap();
        let transaction = books.transactions[reference].clone();
        books.make_refund(&transaction, amount, Some("a customer called".to_owned()))
    }

    /// No longer shows what was written beside refunds.
    pub fn hide_notes(&self) {
        self.books.lock().unwrap().hides_notes = true;
    }

    /// No longer says of which transaction a refund is.
    pub fn hide_owners(&self, hidden: bool) {
        self.books.lock().unwrap().hides_owners = hidden;
    }

    /// No longer shows what it does, until it is to show it again: neither in lists nor by number.
    pub fn hide_refunds(&self, hidden: bool) {
        self.books.lock().unwrap().hides_refunds = hidden;
    }

    /// Forgets a refund.
    pub fn forget_refund(&self, id: u64) {
        let mut books = self.books.lock().unwrap();
        books.refunds.retain(|one| one.id != id);
    }

    /// Makes a refund once more, with the same note.
    pub fn make_again(&self, id: u64) -> u64 {
        let mut books = self.books.lock().unwrap();
        let refund = books.refunds.iter().find(|one| one.id == id).unwrap();
        let refund = refund.clone();
        let mut transactions = books.transactions.values();
        let of = transactions
            .find(|one| one.id == refund.transaction)
            .unwrap();
        let of = of.clone();
        books.make_refund(&of, refund.amount, refund.note)
    }

    /// The body of a webhook about a transaction.
    pub fn charge_success(&self, reference: &str) -> Value {
        let one = self.transaction(reference);
        json!({ "event": "charge.success", "data": shown(&one) })
    }

    /// The body of a webhook about a refund.
    pub fn refund_event(&self, id: u64, event: &str) -> Value {
        let books = self.books.lock().unwrap();
        let refund = books.refunds.iter().find(|one| one.id == id).unwrap();
        let mut transactions = books.transactions.values();
        let of = transactions
            .find(|one| one.id == refund.transaction)
            .unwrap();
        json!({ "event": event, "data": {
            "status": event.strip_prefix("refund.").unwrap(), "transaction_reference": of.reference,
            "amount": refund.amount.to_string(), "currency": refund.currency, "domain": of.domain,
            "id": refund.id.to_string(), "customer": { "email": "ada@example.com" },
        } })
    }

    /// Shows so many rows of a list at a time.
    pub fn page(&self, rows: usize) {
        self.books.lock().unwrap().page = rows;
    }

    /// Somebody pays something that nobody here asked for.
    pub fn sell_elsewhere(&self, reference: &str) {
        self.books.lock().unwrap().sell_elsewhere(reference);
    }

    /// Forgets a transaction.
    pub fn forget(&self, reference: &str) {
        let mut books = self.books.lock().unwrap();
        books.transactions.remove(reference);
    }

    /// Changes a refund.
    pub fn change_refund(&self, id: u64, change: impl FnOnce(&mut VendorRefund)) {
        let mut books = self.books.lock().unwrap();
        let mut refunds = books.refunds.iter_mut();
        change(refunds.find(|one| one.id == id).unwrap());
    }
}
