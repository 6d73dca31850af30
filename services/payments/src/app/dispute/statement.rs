//! What speaks for the shop: what was ordered, where it went, and which mails about it left. It is asked of orders and
//! notifications when it is needed, goes to the provider, and is not kept here.

use chrono::{DateTime, Utc};
use invoice_pdf::{Section, StatementDocument, render_statement};
use money::SignedAmount;

use crate::app::Error;
use crate::clients::notifications::SentMail;
use crate::clients::orders::{Address, OrderStory};
use crate::domain::ids::{OrderId, UserId};
use crate::startup::AppState;
use crate::store::disputes::Dispute;

/// What the provider is told of the buyer and the goods.
pub(super) struct Story {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) phone: String,
    pub(super) address: String,
    /// A date.
    pub(super) delivered_on: Option<String>,
    /// What was sold, in a line.
    pub(super) goods: String,
    order: OrderStory,
    mails: Vec<SentMail>,
}

/// Asks orders and notifications.
pub(super) async fn gather(
    state: &AppState,
    order: OrderId,
    buyer: Option<UserId>,
) -> Result<Story, Error> {
    const FORGOTTEN: Error =
        Error::InvalidState("the buyer was forgotten, and with them what could be said");
    let told = state.orders.story(order).await?;
    let told = told.ok_or(Error::NotFound("order"))?;
    let mails = match buyer {
        Some(buyer) => state.notifications.mails(buyer, order).await?,
        None => Vec::new(),
    };
    let (Some(email), Some(address)) = (&told.to, &told.order.shipping_address) else {
        return Err(FORGOTTEN);
    };
    let items = told.order.items.iter();
    let goods: Vec<String> = items
        .map(|item| format!("{} x {}", item.quantity, item.title))
        .collect();
    Ok(Story {
        email: email.clone(),
        name: told
            .name
            .clone()
            .unwrap_or_else(|| address.full_name.clone()),
        phone: address.phone.clone(),
        address: in_a_line(address),
        delivered_on: reached(&told, "delivered").map(|at| at.date_naive().to_string()),
        goods: format!("{}: {}", told.order.order_number, goods.join(", ")),
        order: told,
        mails,
    })
}

fn in_a_line(address: &Address) -> String {
    let second = address.address_line2.as_deref();
    let parts = [
        Some(address.full_name.as_str()),
        Some(address.address_line1.as_str()),
        second.filter(|line| !line.is_empty()),
        Some(address.city.as_str()),
        Some(address.state.as_str()),
        Some(address.country.as_str()),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

/// When an order came to be this.
fn reached(told: &OrderStory, status: &str) -> Option<DateTime<Utc>> {
    let mut history = told.order.history.iter();
    Some(history.find(|change| change.to == status)?.at)
}

/// All of it as a PDF, with what staff says.
pub(super) async fn print(
    dispute: &Dispute,
    story: &Story,
    message: &str,
    now: DateTime<Utc>,
) -> Result<Vec<u8>, Error> {
    let statement = StatementDocument {
        title: format!("Statement on dispute {}", dispute.gateway_id),
        author: format!("Order {}", story.order.order.order_number),
        issued_on: now.date_naive(),
        sections: vec![
            section("What we say", vec![message.to_owned()]),
            section("What was ordered", goods(&story.order)),
            section("Where it went", delivery(story)),
            section("What we wrote to the buyer", letters(&story.mails)),
        ],
    };
    // Drawing takes a while, which other requests must not wait for.
    let drawn = tokio::task::spawn_blocking(move || render_statement(&statement)).await;
    let drawn = drawn.map_err(|error| Error::Bug(error.to_string()))?;
    drawn.map_err(|error| Error::Bug(error.to_string()))
}

fn section(heading: &str, paragraphs: Vec<String>) -> Section {
    Section {
        heading: heading.to_owned(),
        paragraphs,
    }
}

fn goods(told: &OrderStory) -> Vec<String> {
    let order = &told.order;
    let price = |amount: SignedAmount| format!("{} {amount}", order.currency.code());
    let mut said = vec![format!("Ordered on {}", moment(order.created_at))];
    let items = order.items.iter();
    said.extend(items.map(|item| {
        format!(
            "{} x {}, {}",
            item.quantity,
            item.title,
            price(item.line_total)
        )
    }));
    said.push(format!("In all {}", price(order.total)));
    said.extend(
        told.invoice_number
            .as_ref()
            .map(|number| format!("Invoice {number}")),
    );
    said
}

fn delivery(story: &Story) -> Vec<String> {
    let order = &story.order.order;
    let mut said = vec![format!("To {}", story.address)];
    let at = |what: &str, status: &str| {
        reached(&story.order, status).map(|at| format!("{what} on {}", moment(at)))
    };
    said.extend(at("Sent", "shipped"));
    let carrier = order.carrier.as_deref().unwrap_or("the carrier");
    let tracking = order.tracking_number.as_deref();
    said.extend(tracking.map(|number| format!("With {carrier}, tracking number {number}")));
    said.extend(at("Delivered", "delivered"));
    said
}

fn letters(mails: &[SentMail]) -> Vec<String> {
    if mails.is_empty() {
        return vec!["No mail about the order has left.".to_owned()];
    }
    let said = mails.iter().map(|mail| {
        let name = mail.template.replace('_', " ");
        let became = mail.delivery.as_deref().unwrap_or("sent");
        format!("{}: {name} ({became})", moment(mail.sent_at))
    });
    said.collect()
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y at %H:%M UTC").to_string()
}
