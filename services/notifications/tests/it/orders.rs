//! Orders as this service meets it: what mails about orders say, and invoices.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::ids;
use serde_json::json;
use test_support::stand_in::{Reply, Request, StandIn};
use uuid::Uuid;

use crate::app::ADA;

/// An order, and what orders tells about it.
#[derive(Debug, Clone)]
pub struct Sale {
    pub order: Uuid,
    pub user: Uuid,
    pub number: String,
    pub to: Option<String>,
    pub name: Option<String>,
    /// Title, quantity, and what they come to. All amounts are the digits that stand in the JSON.
    pub items: Vec<(String, u32, String)>,
    pub discount: String,
    pub tax: String,
    pub includes_tax: bool,
    pub total: String,
    pub currency: &'static str,
    pub carrier: Option<String>,
    pub tracking: Option<String>,
    pub pdf: Option<Vec<u8>>,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Everything.
    Down,
    /// Only the invoice cannot be had.
    InvoiceDown,
    /// As after a key was exchanged on one side only.
    Stranger,
}

#[derive(Default)]
struct State {
    sales: HashMap<String, Sale>,
    trouble: Option<Trouble>,
    asked: Vec<Request>,
}

pub struct Orders {
    server: StandIn,
    state: Arc<Mutex<State>>,
}

impl Sale {
    /// Ada's order of lace, with an invoice.
    pub fn new() -> Self {
        let mut pdf = b"%PDF-1.7 Ada Obi, 12 Broad Street\n".to_vec();
        pdf.extend((0..40_000).flat_map(u32::to_le_bytes));
        Self {
            order: ids::new_id(),
            user: ids::new_id(),
            number: "AGP-20260113-7K3QXN9D4T".to_owned(),
            to: Some(ADA.to_owned()),
            name: Some("Ada Obi".to_owned()),
            items: vec![
                ("Royal lace, 5 yards".to_owned(), 2, "40000.00".to_owned()),
                ("Gele".to_owned(), 1, "7000.00".to_owned()),
            ],
            discount: "0.00".to_owned(),
            tax: "0.00".to_owned(),
            includes_tax: false,
            total: "48500.00".to_owned(),
            currency: "NGN",
            carrier: None,
            tracking: None,
            pdf: Some(pdf),
        }
    }

    /// The answer as it stands on the wire: amounts are numbers with two decimals, which no float has touched.
    fn view(&self) -> String {
        let text = |text: &Option<String>| json!(text).to_string();
        let items: Vec<String> = self
            .items
            .iter()
            .map(|(title, quantity, total)| {
                format!(
                    r#"{{"id":"{}","sku":"LACE-5","title":{},"quantity":{quantity},"unitPrice":1.00,"lineTotal":{total},"tax":0.00,"discount":0.00}}"#,
                    ids::new_id(),
                    json!(title),
                )
            })
            .collect();
        let address = r#"{"fullName":"Ada Obi","line1":"12 Broad Street","city":"Lagos","country":"NG","phone":"+2348012345678"}"#;
        format!(
            r#"{{"status":"success","data":{{"mailView":{{"to":{to},"name":{name},"order":{{"id":"{id}","orderNumber":{number},
            "status":"processing","items":[{items}],"subtotal":47000.00,"discount":{discount},"shipping":1500.00,"tax":{tax},
            "total":{total},"currency":"{currency}","shippingMethod":"standard","shippingAddress":{address},
            "billingAddress":{address},"trackingNumber":{tracking},"carrier":{carrier},"notes":"Ring twice",
            "paymentStatus":"paid","version":3}},"pricesIncludeTax":{includes_tax},"invoiceNumber":"INV-2026-000042"}}}}}}"#,
            to = text(&self.to),
            name = text(&self.name),
            id = self.order,
            number = json!(self.number),
            items = items.join(","),
            discount = self.discount,
            tax = self.tax,
            includes_tax = self.includes_tax,
            total = self.total,
            currency = self.currency,
            tracking = text(&self.tracking),
            carrier = text(&self.carrier),
        )
    }
}

impl Orders {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let answering = Arc::clone(&state);
        let server = StandIn::start(move |request| answer(&answering, request));
        Self { server, state }
    }

    pub fn origin(&self) -> &str {
        &self.server.origin
    }

    /// From now on orders tells this about the order.
    pub fn know(&self, sale: &Sale) {
        let mut state = self.state.lock().unwrap();
        state.sales.insert(sale.order.to_string(), sale.clone());
    }

    /// From now on this goes wrong.
    pub fn trouble(&self, trouble: Option<Trouble>) {
        self.state.lock().unwrap().trouble = trouble;
    }

    /// The paths that were asked for.
    pub fn asked(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.asked.iter().map(|ask| ask.path.clone()).collect()
    }
}

fn answer(state: &Mutex<State>, request: &Request) -> Reply {
    let mut state = state.lock().unwrap();
    state.asked.push(request.clone());
    assert_eq!(request.method, "GET");
    assert!(request.header("authorization").starts_with("Bearer "));
    match state.trouble {
        Some(Trouble::Down) => return Reply::error(503, "SERVICE_UNAVAILABLE"),
        Some(Trouble::Stranger) => return Reply::error(403, "AUTHORIZATION_ERROR"),
        Some(Trouble::InvoiceDown) | None => {}
    }
    let path = request.path.strip_prefix("/internal/orders/");
    let Some((id, what)) = path.and_then(|rest| rest.split_once('/')) else {
        return Reply::error(404, "NOT_FOUND");
    };
    let (what, number) = what
        .split_once("?number=")
        .unwrap_or((what, "INV-2026-000042"));
    match (state.sales.get(id), what) {
        (Some(sale), "mail-view") => Reply::Answer {
            status: 200,
            headers: Vec::new(),
            body: sale.view(),
        },
        (_, "invoice") if state.trouble.is_some() => Reply::error(500, "INTERNAL_ERROR"),
        (Some(Sale { pdf: Some(pdf), .. }), "invoice") => Reply::success(&json!({
            "invoice": { "number": number, "pdf": STANDARD.encode(pdf) },
        })),
        _ => Reply::error(404, "NOT_FOUND"),
    }
}
