//! What an invoice says: everything that is printed, and nothing that has to be looked up.

use chrono::NaiveDate;
use money::{Amount, Currency};
use serde::{Deserialize, Serialize};

/// An invoice or a credit note as it was issued.
///
/// It is kept as JSON and printed again from that, so it holds texts and amounts and no ids. Its amounts are printed
/// as they stand, never added up here. A credit note states what is given back, in amounts above zero like an
/// invoice's; its kind says which way they go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InvoiceDocument {
    /// Which template it is printed with, for ever: [`TEMPLATE_VERSION`](crate::TEMPLATE_VERSION) at its issue.
    pub template_version: u16,
    /// Which of the two it is.
    pub kind: DocumentKind,
    /// Its own number, such as `INV-2026-000123`.
    pub number: String,
    /// The number of the invoice that a credit note corrects. A credit note without one is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrects_number: Option<String>,
    /// The day of issue where the shop is.
    pub issued_on: NaiveDate,
    /// The order's number.
    pub order_number: String,
    /// The day of the order where the shop is.
    pub ordered_on: NaiveDate,
    /// Who sells.
    pub seller: Seller,
    /// Who pays.
    pub buyer: Buyer,
    /// Where the goods go, line by line, the first one being the name; empty if nothing is sent.
    pub shipping_address_lines: Vec<String>,
    /// What every amount is in.
    pub currency: Currency,
    /// Whether the prices have the tax in them. It only decides how the totals are told.
    pub prices_include_tax: bool,
    /// What is sold, or taken back.
    pub lines: Vec<InvoiceLine>,
    /// All lines before discount.
    pub subtotal: Amount,
    /// What is taken off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<OrderDiscount>,
    /// What sending costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Shipping>,
    /// The tax, by rate.
    pub tax_lines: Vec<TaxLine>,
    /// What is to be paid, or given back.
    pub total: Amount,
    /// How it was paid, or given back, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<Payment>,
    /// What else there is to say, paragraph by paragraph.
    pub notes: Vec<String>,
}

/// Invoice or credit note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// A demand for money, or a receipt once there is a payment.
    Invoice,
    /// What undoes an invoice, in part or whole.
    CreditNote,
}

/// Who sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seller {
    /// The name it trades under.
    pub name: String,
    /// Its address, line by line.
    pub address_lines: Vec<String>,
    /// Its number with the tax office.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
    /// Where it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Who pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Buyer {
    /// The name on the bill.
    pub name: String,
    /// The billing address without the name, line by line.
    pub address_lines: Vec<String>,
    /// Where the bill went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// So many of something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InvoiceLine {
    /// What it is.
    pub title: String,
    /// How staff calls it.
    pub sku: String,
    /// How many.
    pub quantity: u32,
    /// What one costs.
    pub unit_price: Amount,
    /// The line's part of the discount.
    pub discount: Amount,
    /// The rate as a person reads it: `7.5%`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<String>,
    /// The tax on it.
    pub tax: Amount,
    /// Price times quantity. The lines add up to the subtotal.
    pub line_total: Amount,
}

/// What is taken off an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrderDiscount {
    /// How much; printed with a minus.
    pub amount: Amount,
    /// The coupon behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon_code: Option<String>,
}

/// What sending costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shipping {
    /// What the method is called.
    pub method: String,
    /// Its price.
    pub amount: Amount,
}

/// The tax at one rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaxLine {
    /// What it is called, rate included: `VAT 7.5%`.
    pub name: String,
    /// What it is charged on.
    pub taxable_base: Amount,
    /// How much it is.
    pub tax: Amount,
}

/// How it was paid, or given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Payment {
    /// The day where the shop is; on a credit note, of the refund.
    pub paid_on: NaiveDate,
    /// By card, bank transfer and so on, as a person reads it.
    pub channel: String,
    /// What the provider calls it; blank if it has no name.
    pub reference: String,
}
