//! What a mail about an order says and to whom.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::content::{Letter, NoLetter};
use super::order_facts::OrderFacts;
use crate::clients::orders::{Invoice, MailView};
use crate::clients::provider::Attachment;
use crate::domain::ids::OrderId;
use crate::domain::template::OrderMail;
use crate::domain::told::Told;
use crate::render::Content;
use crate::startup::AppState;
use crate::store::claims::ClaimedRow;

/// The reasons in rows of mails that are not sent though nothing is wrong.
const FORGOTTEN: &str = "skipped: the buyer was forgotten";
const NO_MERCHANT: &str = "skipped: the merchant has no address any more";

/// Asks orders. Where the merchant is, only the settings know.
pub(super) async fn ask(
    state: &AppState,
    row: &ClaimedRow,
    mail: OrderMail,
) -> Result<Letter, NoLetter> {
    let order = OrderId(row.source_id);
    let view = state.orders.mail_view(order).await?;
    let view = view.ok_or_else(|| NoLetter::unmakeable("orders knows no such order"))?;
    let to = recipient(state, mail, &view)?;
    let mut facts = OrderFacts::of(&view);
    let told = told(row)?;
    if let Some(told) = &told {
        facts.tell(told);
    }
    let mut attachment = None;
    if mail.brings_document() {
        let number = told
            .as_ref()
            .and_then(|told| told.document_number.as_deref());
        let invoice = state.orders.invoice(order, number).await?;
        let invoice = invoice.ok_or_else(|| NoLetter::unmakeable("orders has no such document"))?;
        attachment = Some(attach(invoice)?);
    }
    let facts = serde_json::to_value(facts);
    Ok(Letter {
        to,
        content: Content {
            name: view.name.filter(|_| !mail.is_for_merchant()),
            facts: facts.map_err(|error| NoLetter::unmakeable(error.to_string()))?,
            ..Content::default()
        },
        attachment,
    })
}

fn recipient(state: &AppState, mail: OrderMail, view: &MailView) -> Result<String, NoLetter> {
    if mail.is_for_merchant() {
        let merchant = state.settings.merchant_email.as_ref();
        let merchant = merchant.ok_or_else(|| NoLetter::not_sent(NO_MERCHANT))?;
        return Ok(merchant.as_str().to_owned());
    }
    let buyer = view.to.clone();
    buyer.ok_or_else(|| NoLetter::not_sent(FORGOTTEN))
}

/// What the event told, if the mail tells of more than the order.
fn told(row: &ClaimedRow) -> Result<Option<Told>, NoLetter> {
    let told = row.facts.clone().map(serde_json::from_value).transpose();
    told.map_err(|error| NoLetter::unmakeable(format!("what its event told: {error}")))
}

/// The PDF exactly as orders encoded it.
fn attach(invoice: Invoice) -> Result<Attachment, NoLetter> {
    let is_file = STANDARD
        .decode(&invoice.pdf)
        .is_ok_and(|bytes| !bytes.is_empty());
    if !is_file {
        return Err(NoLetter::unmakeable("the invoice is no file"));
    }
    Ok(Attachment {
        filename: format!("{}.pdf", file_stem(&invoice.number)),
        content: invoice.pdf,
    })
}

/// A name that every file system takes and none reads as a path.
fn file_stem(number: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    number
        .chars()
        .map(|c| if keep(c) { c } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_as_its_invoice() {
        assert_eq!(file_stem("INV-2026-000042"), "INV-2026-000042");
        assert_eq!(file_stem("../a\r\n\"é"), "---a----");
    }

    #[test]
    fn what_is_no_file_is_not_attached() {
        let invoice = |pdf: &str| Invoice {
            number: "INV-2026-000042".to_owned(),
            pdf: pdf.to_owned(),
        };
        let attached = attach(invoice("JVBERg==")).ok().unwrap();
        assert_eq!(attached.filename, "INV-2026-000042.pdf");
        assert_eq!(attached.content, "JVBERg==");
        for bad in ["", "JVBERg", "<html>"] {
            assert!(attach(invoice(bad)).is_err(), "{bad:?}");
        }
    }
}
