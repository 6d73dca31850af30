//! What an invoice or a credit note says, gathered when it is issued.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use common::crypto::Sealer;
use diesel_async::AsyncPgConnection;
use invoice_pdf::{
    Buyer, DocumentKind, InvoiceDocument, InvoiceLine, OrderDiscount, Payment, Seller, Shipping,
    TEMPLATE_VERSION, TaxLine,
};
use money::{Amount, Money};
use uuid::Uuid;

use crate::app::Error;
use crate::app::contact::Contact;
use crate::config::Settings;
use crate::domain::ids::{OrderId, RefundId};
use crate::store;
use crate::store::documents::Due;
use crate::store::payments::How;
use crate::store::rows::{LineRow, OrderRow};

/// What a document is made from.
pub(super) struct Source<'a> {
    pub(super) settings: &'a Settings,
    pub(super) sealer: &'a Sealer,
    pub(super) order: &'a OrderRow,
    pub(super) lines: &'a [LineRow],
    /// How orders' payments were made.
    pub(super) payments: &'a HashMap<Uuid, How>,
    pub(super) now: DateTime<Utc>,
}

/// The invoice of an order.
pub(super) fn invoice(source: &Source<'_>) -> Result<InvoiceDocument, Error> {
    let order = source.order;
    let lines = source.lines.iter().map(|line| source.line(line));
    let paid_at = order.paid_at.unwrap_or(source.now);
    let is_discounted = !source.money(&order.discount)?.is_zero();
    Ok(InvoiceDocument {
        lines: lines.collect::<Result<_, _>>()?,
        subtotal: source.amount(&order.subtotal)?,
        discount: if is_discounted {
            Some(OrderDiscount {
                amount: source.amount(&order.discount)?,
                coupon_code: order.coupon_code.clone(),
            })
        } else {
            None
        },
        shipping: Some(Shipping {
            method: order.shipping_name.clone(),
            amount: source.amount(&order.shipping)?,
        }),
        tax_lines: source.tax_lines()?,
        total: source.amount(&order.total)?,
        payment: source.payment(order.settled_payment_id, paid_at),
        ..source.frame(DocumentKind::Invoice)?
    })
}

/// The credit note of a refund: so much of the invoice is given back, together with others never more than all. Its tax is the
/// part that the invoice's tax has in the invoice's total.
pub(super) async fn credit_note(
    conn: &mut AsyncPgConnection,
    source: &Source<'_>,
    due: &Due,
) -> Result<InvoiceDocument, Error> {
    let order = source.order;
    let refund = due
        .refund_id
        .ok_or_else(|| Error::Bug("a credit note without a refund".to_owned()))?;
    let back = store::payments::refund(conn, RefundId(refund)).await?;
    let (payment, back) =
        back.ok_or_else(|| Error::Bug(format!("refund {refund} is not known")))?;
    let before = store::documents::credited(conn, OrderId(order.id), Some(due)).await?;
    let from = source.money(&before.clone().min(order.total.clone()))?;
    let to = source.money(&(before + back).min(order.total.clone()))?;
    let back = to.checked_sub(from)?;
    // Of what went back in all, so that the parts add up to the whole.
    let (total, tax) = (source.money(&order.total)?, source.money(&order.tax)?);
    let tax_back = share(to, tax, total)?.checked_sub(share(from, tax, total)?)?;
    let net = if order.prices_include_tax {
        back
    } else {
        back.checked_sub(tax_back)?
    };
    let line = InvoiceLine {
        title: if back.minor() == total.minor() {
            format!("Refund of order {}", order.order_number)
        } else {
            format!("Partial refund of order {}", order.order_number)
        },
        sku: order.order_number.clone(),
        quantity: 1,
        unit_price: positive(net)?,
        discount: Amount::default(),
        tax_rate: Some(source.rate()),
        tax: positive(tax_back)?,
        line_total: positive(net)?,
    };
    let number = store::documents::invoice_number(conn, OrderId(order.id)).await?;
    Ok(InvoiceDocument {
        corrects_number: number,
        subtotal: positive(net)?,
        lines: vec![line],
        tax_lines: vec![TaxLine {
            name: format!("{} {}", order.tax_name, source.rate()),
            taxable_base: positive(back.checked_sub(tax_back)?)?,
            tax: positive(tax_back)?,
        }],
        total: positive(back)?,
        payment: source.payment(Some(payment), due.due_at),
        ..source.frame(DocumentKind::CreditNote)?
    })
}

/// `part / whole` of an amount, rounded to what can be paid; none of nothing.
fn share(amount: Money, part: Money, whole: Money) -> Result<Money, Error> {
    if whole.is_zero() {
        return Ok(Money::zero(amount.currency()));
    }
    let ratio =
        bigdecimal::BigDecimal::from(part.minor()) / bigdecimal::BigDecimal::from(whole.minor());
    Ok(amount.at_rate_rounded(&ratio)?)
}

fn positive(amount: Money) -> Result<Amount, Error> {
    Amount::try_from(amount.amount()).map_err(|error| Error::Bug(error.to_string()))
}

impl Source<'_> {
    /// What both kinds have, without amounts.
    fn frame(&self, kind: DocumentKind) -> Result<InvoiceDocument, Error> {
        let contact = Contact::open(self.sealer, self.order)?;
        let seller = &self.settings.seller;
        Ok(InvoiceDocument {
            template_version: TEMPLATE_VERSION,
            kind,
            number: String::new(),
            corrects_number: None,
            issued_on: self.day(self.now),
            order_number: self.order.order_number.clone(),
            ordered_on: self.day(self.order.created_at),
            seller: Seller {
                name: seller.name.clone(),
                address_lines: seller.address.clone(),
                tax_id: seller.tax_id.clone(),
                email: seller.email.clone(),
            },
            buyer: buyer(contact.as_ref()),
            shipping_address_lines: contact.as_ref().map(goes_to).unwrap_or_default(),
            currency: self.order.currency()?,
            prices_include_tax: self.order.prices_include_tax,
            lines: Vec::new(),
            subtotal: Amount::default(),
            discount: None,
            shipping: None,
            tax_lines: Vec::new(),
            total: Amount::default(),
            payment: None,
            notes: Vec::new(),
        })
    }

    fn day(&self, time: DateTime<Utc>) -> NaiveDate {
        time.with_timezone(&self.settings.time_zone).date_naive()
    }

    fn money(&self, amount: &bigdecimal::BigDecimal) -> Result<Money, Error> {
        Ok(self.order.money(amount)?)
    }

    fn amount(&self, amount: &bigdecimal::BigDecimal) -> Result<Amount, Error> {
        positive(self.money(amount)?)
    }

    /// The rate as it is written: `7.5%`.
    fn rate(&self) -> String {
        let points = self.order.tax_basis_points;
        let text = format!("{}.{:02}", points / 100, points % 100);
        format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
    }

    fn line(&self, line: &LineRow) -> Result<InvoiceLine, Error> {
        Ok(InvoiceLine {
            title: line.title.clone(),
            sku: line.sku.clone(),
            quantity: u32::try_from(line.quantity).unwrap_or(0),
            unit_price: self.amount(&line.unit_price)?,
            discount: self.amount(&line.discount)?,
            tax_rate: Some(self.rate()),
            tax: self.amount(&line.tax)?,
            line_total: self.amount(&line.line_total)?,
        })
    }

    fn tax_lines(&self) -> Result<Vec<TaxLine>, Error> {
        let order = self.order;
        let tax = self.money(&order.tax)?;
        if tax.is_zero() {
            return Ok(Vec::new());
        }
        let goods = self
            .money(&order.subtotal)?
            .checked_sub(self.money(&order.discount)?)?;
        let is_shipping_taxed = !self.money(&order.shipping_tax)?.is_zero();
        let gross = if is_shipping_taxed {
            goods.checked_add(self.money(&order.shipping)?)?
        } else {
            goods
        };
        let base = if order.prices_include_tax {
            gross.checked_sub(tax)?
        } else {
            gross
        };
        Ok(vec![TaxLine {
            name: format!("{} {}", order.tax_name, self.rate()),
            taxable_base: positive(base)?,
            tax: positive(tax)?,
        }])
    }

    /// How and when the money moved.
    fn payment(&self, payment: Option<Uuid>, moved_at: DateTime<Utc>) -> Option<Payment> {
        let how = self.payments.get(&payment?)?;
        let channel = how.channel.as_deref();
        Some(Payment {
            paid_on: self.day(moved_at),
            channel: channel.map_or_else(|| "Online".to_owned(), in_words),
            reference: how.reference.clone().unwrap_or_default(),
        })
    }
}

fn buyer(contact: Option<&Contact>) -> Buyer {
    let Some(contact) = contact else {
        return Buyer {
            name: "Withheld".to_owned(),
            address_lines: Vec::new(),
            email: None,
        };
    };
    let billed = contact.billing.as_ref().unwrap_or(&contact.shipping);
    Buyer {
        name: billed.full_name.clone(),
        address_lines: billed.lines(),
        email: Some(contact.email.clone()),
    }
}

fn goes_to(contact: &Contact) -> Vec<String> {
    let mut lines = vec![contact.shipping.full_name.clone()];
    lines.extend(contact.shipping.lines());
    lines
}

/// The vendor's word for a channel as a person reads it: `bank_transfer` is "Bank transfer".
fn in_words(channel: &str) -> String {
    let mut words = channel.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}
