//! What the provider has, and how it answers.

use std::collections::{HashMap, VecDeque};

use chrono::DateTime;
use common::Clock as _;
use common::clock::SystemClock;
use serde_json::{Value, json};
use test_support::stand_in::{Reply, Request};

use super::{Fault, KEY, Transaction, VendorRefund};

#[derive(Default)]
pub(super) struct Books {
    pub(super) next_id: u64,
    pub(super) transactions: HashMap<String, Transaction>,
    pub(super) refunds: Vec<VendorRefund>,
    pub(super) faults: HashMap<&'static str, VecDeque<Fault>>,
    pub(super) asked: Vec<(&'static str, String)>,
    pub(super) hides_notes: bool,
    pub(super) hides_owners: bool,
    pub(super) hides_refunds: bool,
    /// Rows of a list at a time.
    pub(super) page: usize,
}

fn envelope(message: &str, data: &Value) -> Reply {
    Reply::json(
        200,
        &json!({ "status": true, "message": message, "data": data }),
    )
}

fn refuse(status: u16, message: &str, code: &str) -> Reply {
    let body = json!({
        "status": false, "message": message, "meta": { "nextStep": "think" }, "type": "validation_error", "code": code,
    });
    Reply::json(status, &body)
}

fn html(status: u16) -> Reply {
    Reply::Answer {
        status,
        headers: vec![("content-type", "text/html".to_owned())],
        body: "<html><body>Bad gateway</body></html>".to_owned(),
    }
}

pub(super) fn shown(one: &Transaction) -> Value {
    let is_paid = one.is_captured;
    json!({
        "id": one.id, "domain": one.domain, "status": one.status, "reference": one.reference, "amount": one.amount,
        "requested_amount": one.requested, "currency": one.currency, "channel": one.channel, "fees": one.fees,
        "paid_at": is_paid.then_some(one.paid_at), "created_at": one.created_at,
        "gateway_response": "Approved", "metadata": "", "log": null, "plan": {},
        "authorization": if is_paid { json!({ "authorization_code": "AUTH_secret", "last4": "4081" }) } else { json!({}) },
        "customer": { "id": 1, "email": "ada@example.com" },
    })
}

impl Books {
    pub(super) fn answer(&mut self, request: &Request) -> Reply {
        if request.header("authorization") != format!("Bearer {KEY}") {
            return refuse(401, "Invalid key", "invalid_Key");
        }
        let path = request.path.split('?').next().unwrap().to_owned();
        let endpoint = match (request.method.as_str(), path.as_str()) {
            ("POST", "/transaction/initialize") => "initialize",
            ("GET", path) if path.starts_with("/transaction/verify/") => "verify",
            ("POST", "/refund") => "refund",
            ("GET", "/refund") if request.path.contains("transaction=") => "list_refunds",
            ("GET", "/refund") => "list_all_refunds",
            ("GET", "/transaction") => "list_transactions",
            ("GET", path) if path.starts_with("/refund/") => "fetch_refund",
            _ => return refuse(404, "Entity not found", "not_found"),
        };
        let what = if request.body.is_empty() {
            request.path.clone()
        } else {
            String::from_utf8(request.body.clone()).unwrap()
        };
        self.asked.push((endpoint, what));
        let fault = self.faults.get_mut(endpoint).and_then(VecDeque::pop_front);
        match fault {
            None | Some(Fault::Well) => self.act(endpoint, request),
            Some(Fault::Error500) => Reply::json(
                500,
                &json!({ "status": false, "message": "An error occurred" }),
            ),
            Some(Fault::Html) => html(502),
            Some(Fault::Silence) => Reply::Silence,
            Some(Fault::HangUp) => Reply::HangUp,
            Some(Fault::StatusFalse) => {
                Reply::json(200, &json!({ "status": false, "message": "Odd" }))
            }
            Some(Fault::RateLimited) => refuse(429, "Rate limit exceeded!", "rate_limited"),
            Some(Fault::Refuse(message)) => refuse(400, message, "invalid_params"),
            Some(Fault::DoneThenHangUp) => {
                let _ = self.act(endpoint, request);
                Reply::HangUp
            }
            Some(Fault::DoneThenSilence) => {
                let _ = self.act(endpoint, request);
                Reply::Silence
            }
            Some(Fault::DoneThenError500) => {
                let _ = self.act(endpoint, request);
                html(500)
            }
        }
    }

    fn act(&mut self, endpoint: &str, request: &Request) -> Reply {
        match endpoint {
            "initialize" => self.initialize(&request.body),
            "verify" => self.verify(&request.path),
            "refund" => self.refund(&request.body),
            "list_refunds" => self.list_refunds(&request.path),
            "list_transactions" => self.list_transactions(&request.path),
            "list_all_refunds" => self.list_all_refunds(&request.path),
            _ => self.fetch_refund(&request.path),
        }
    }

    pub(super) fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn initialize(&mut self, body: &[u8]) -> Reply {
        let asked: Value = serde_json::from_slice(body).unwrap();
        let reference = asked["reference"].as_str().unwrap().to_owned();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        assert!(reference.bytes().all(is_plain), "{reference}");
        assert!(asked["amount"].is_u64(), "an integer: {}", asked["amount"]);
        if self.transactions.contains_key(&reference) {
            return refuse(
                400,
                "Duplicate Transaction Reference",
                "duplicate_reference",
            );
        }
        let amount = asked["amount"].as_i64().unwrap();
        let one = Transaction {
            id: self.fresh_id(),
            reference: reference.clone(),
            amount,
            requested: amount,
            currency: asked["currency"].as_str().unwrap().to_owned(),
            status: "abandoned".to_owned(),
            channel: "card".to_owned(),
            domain: "test".to_owned(),
            fees: None,
            created_at: SystemClock.now(),
            paid_at: DateTime::from_timestamp(1_768_300_260, 0).unwrap(),
            is_captured: false,
        };
        let code = format!("code{}", one.id);
        self.transactions.insert(reference.clone(), one);
        let data = json!({
            "authorization_url": format!("https://checkout.paystack.com/{code}"), "access_code": code, "reference": reference,
        });
        envelope("Authorization URL created", &data)
    }

    fn verify(&self, path: &str) -> Reply {
        let reference = path.rsplit('/').next().unwrap();
        match self.transactions.get(reference) {
            Some(one) => envelope("Verification successful", &shown(one)),
            None => refuse(
                400,
                "Transaction reference not found.",
                "transaction_not_found",
            ),
        }
    }

    pub(super) fn make_refund(
        &mut self,
        of: &Transaction,
        amount: i64,
        note: Option<String>,
    ) -> u64 {
        let id = self.fresh_id();
        self.refunds.push(VendorRefund {
            id,
            transaction: of.id,
            amount,
            currency: of.currency.clone(),
            status: "pending".to_owned(),
            note,
            dispute: None,
            created_at: SystemClock.now(),
        });
        self.transactions.get_mut(&of.reference).unwrap().status = "reversal-pending".to_owned();
        id
    }

    fn refund(&mut self, body: &[u8]) -> Reply {
        let asked: Value = serde_json::from_slice(body).unwrap();
        let named = asked["transaction"].as_str().unwrap().to_owned();
        let mut all = self.transactions.values();
        let Some(of) = all.find(|one| one.id.to_string() == named).cloned() else {
            return refuse(404, "Transaction not found", "transaction_not_found");
        };
        let amount = asked["amount"].as_i64().unwrap();
        let taken: i64 = self
            .refunds
            .iter()
            .filter(|one| one.transaction == of.id && one.status != "failed")
            .map(|one| one.amount)
            .sum();
        if !of.is_captured || taken + amount > of.amount {
            let message = "Total refund amount cannot exceed original transaction amount";
            return refuse(400, message, "invalid_params");
        }
        let note = asked["merchant_note"].as_str().map(str::to_owned);
        let id = self.make_refund(&of, amount, note);
        let made = self.refunds.iter().find(|one| one.id == id).unwrap();
        let mut data = self.show_refund(made);
        data["transaction"] =
            json!({ "id": of.id, "reference": of.reference, "amount": of.amount });
        envelope("Refund has been queued for processing", &data)
    }

    pub(super) fn show_refund(&self, one: &VendorRefund) -> Value {
        let note = one.note.clone().filter(|_| !self.hides_notes);
        let owner = (!self.hides_owners).then_some(one.transaction);
        json!({
            "id": one.id, "transaction": owner, "amount": one.amount, "currency": one.currency,
            "status": one.status, "merchant_note": note, "domain": "test", "dispute": one.dispute, "fully_deducted": 1,
            "created_at": one.created_at, "updated_at": "2026-01-13T10:40:00.000Z",
        })
    }

    fn list_refunds(&self, path: &str) -> Reply {
        let of = path.split("transaction=").nth(1).unwrap();
        let of = of.split('&').next().unwrap();
        let rows = self
            .refunds
            .iter()
            .filter(|one| one.transaction.to_string() == of && !self.hides_refunds);
        let rows: Vec<Value> = rows.map(|one| self.show_refund(one)).collect();
        let total = rows.len();
        let body = json!({
            "status": true, "message": "Refunds retrieved", "data": rows,
            "meta": { "total": total, "page": 1, "perPage": "50", "pageCount": 1 },
        });
        Reply::json(200, &body)
    }

    fn fetch_refund(&self, path: &str) -> Reply {
        let id = path.rsplit('/').next().unwrap();
        let mut shown = self.refunds.iter().filter(|_| !self.hides_refunds);
        let found = shown.find(|one| one.id.to_string() == id);
        match found {
            Some(one) => envelope("Refund retrieved", &self.show_refund(one)),
            None => refuse(404, "Refund not found", "not_found"),
        }
    }
}
