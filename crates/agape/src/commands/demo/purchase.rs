//! The steps of a purchase.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use common::{crypto, ids};
use money::{Currency, SignedAmount};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::exchange::{Answer, Exchanger};
use crate::output::say;

/// What is waited for comes within this time, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Somebody's purchase.
pub(super) struct Purchase {
    pub(super) http: Exchanger,
    /// Where the shop's API is.
    pub(super) api: String,
    /// Where the vendors are.
    pub(super) sandbox: String,
}

/// Who buys.
pub(super) struct Shopper {
    pub(super) email: String,
}

/// What is bought.
pub(super) struct Goods {
    product: String,
    variant: String,
}

/// What was ordered.
#[derive(Deserialize)]
pub(super) struct Order {
    pub(super) id: String,
    #[serde(rename = "orderNumber")]
    pub(super) number: String,
    total: SignedAmount,
    currency: Currency,
}

#[derive(Deserialize)]
struct Placed {
    order: Order,
}

/// How it is paid.
pub(super) struct Payment {
    page: String,
}

impl Purchase {
    /// Makes an account for a shopper.
    pub(super) async fn register(&mut self) -> Result<Shopper> {
        say("A shopper registers.");
        let email = format!("shopper-{}@agape.example", ids::new_id().simple());
        let password = format!("Aa1!{}", crypto::random_token()?);
        let body = json!({ "email": email, "password": password, "name": "Demo Shopper" });
        let url = format!("{}/auth/register", self.api);
        let data = self.http.post(&url, &body, None).await?.data()?;
        self.http.sign_in(text(&data, "/accessToken")?);
        Ok(Shopper { email })
    }

    /// Finds something that is there.
    pub(super) async fn browse(&self) -> Result<Goods> {
        say("They look for \"roy lase\", and the shop knows what they mean.");
        let url = format!("{}/products/search?q=roy+lase", self.api);
        let data = self.http.get(&url).await?.data()?;
        let products = data.get("products").and_then(Value::as_array);
        let variants = products.into_iter().flatten().flat_map(|product| {
            let variants = product.get("variants").and_then(Value::as_array);
            variants
                .into_iter()
                .flatten()
                .map(move |variant| (product, variant))
        });
        let mut in_stock =
            variants.filter(|(_, variant)| variant.get("inStock") == Some(&json!(true)));
        let (product, variant) = in_stock
            .next()
            .context("the shop has nothing like it in stock")?;
        say(format_args!(
            "       {}, {}",
            text(product, "/title")?,
            text(variant, "/sku")?
        ));
        Ok(Goods {
            product: text(product, "/id")?,
            variant: text(variant, "/id")?,
        })
    }

    /// Puts it in the cart.
    pub(super) async fn fill_cart(&self, goods: &Goods) -> Result<()> {
        say("They put it in their cart.");
        let body = json!({ "productId": goods.product, "variantId": goods.variant, "quantity": 1 });
        let url = format!("{}/cart/items", self.api);
        self.http.post(&url, &body, None).await?;
        Ok(())
    }

    /// Orders what is in the cart.
    pub(super) async fn order(&self) -> Result<Order> {
        say("They order what is in it.");
        let body = json!({ "fromCart": true, "shippingAddress": {
            "fullName": "Demo Shopper", "phone": "+2348012345678", "addressLine1": "12 Allen Avenue",
            "city": "Ikeja", "state": "Lagos", "country": "NG",
        } });
        let url = format!("{}/orders", self.api);
        let key = ids::new_id().to_string();
        let placed: Placed = self.http.post(&url, &body, Some(&key)).await?.read()?;
        let order = placed.order;
        say(format_args!(
            "       {}, {} {}",
            order.number, order.currency, order.total
        ));
        Ok(order)
    }

    /// Begins to pay.
    pub(super) async fn initialize(&self, order: &Order) -> Result<Payment> {
        say("They begin to pay.");
        let url = format!("{}/payments/initialize", self.api);
        let key = ids::new_id().to_string();
        let body = json!({ "orderId": order.id });
        let data = self.http.post(&url, &body, Some(&key)).await?.data()?;
        Ok(Payment {
            page: text(&data, "/authorizationUrl")?,
        })
    }

    /// Pays by card on the vendor's page, and comes back.
    pub(super) async fn pay(&self, payment: &Payment) -> Result<()> {
        say("They pay by card on the vendor's page.");
        let page = self.http.get(&payment.page).await?;
        ensure!(
            page.status == 200,
            "the payment page answered {}",
            page.status
        );
        let card = [
            ("channel", "card"),
            ("action", "pay"),
            ("number", "4084 0840 8408 4081"),
            ("expiry", "12/30"),
            ("cvv", "408"),
        ];
        let form = format!("{}/pay", payment.page);
        let paid = self.http.submit(&form, &card).await?;
        let back = paid
            .location
            .context("the payment page does not lead back")?;
        let back = Url::parse(&payment.page)?.join(&back)?;
        say("The vendor sends them back to the shop.");
        let seen = self.http.get(back.as_str()).await?;
        ensure!(seen.status < 400, "the way back answered {}", seen.status);
        Ok(())
    }

    /// Waits until the order is paid and its goods are sold to it.
    pub(super) async fn wait_until_processing(&self, order: &Order) -> Result<()> {
        say("The shop hears of the payment, and sells the goods to the order.");
        let url = format!("{}/orders/{}", self.api, order.id);
        self.until(&url, "the order is processing", |answer| {
            let data = answer.data().ok()?;
            (text(&data, "/order/status").ok()? == "processing").then_some(())
        })
        .await?;
        self.http.get(&url).await?;
        Ok(())
    }

    /// Waits for the invoice; answers the PDF.
    pub(super) async fn invoice(&self, order: &Order) -> Result<Vec<u8>> {
        say("An invoice is issued.");
        let url = format!("{}/orders/{}/invoice", self.api, order.id);
        self.until(&url, "the invoice is there", |answer| {
            (answer.status == 200).then_some(())
        })
        .await?;
        let pdf = self.http.get(&url).await?.bytes;
        ensure!(pdf.starts_with(b"%PDF-"), "the invoice is no PDF");
        Ok(pdf)
    }

    /// Waits for the confirmation; answers its subject.
    pub(super) async fn mail(&self, shopper: &Shopper, order: &Order) -> Result<String> {
        say("The shopper gets a mail with it.");
        let mut url = Url::parse(&format!("{}/_sandbox/mail", self.sandbox))?;
        url.query_pairs_mut().append_pair("to", &shopper.email);
        let subject = self
            .until(url.as_str(), "the mail has come", |answer| {
                let mails: Vec<Value> = serde_json::from_slice(&answer.bytes).ok()?;
                let with_invoice = mails.into_iter().find(|mail| {
                    let attached = mail.get("attachments").and_then(Value::as_array);
                    attached.is_some_and(|attached| !attached.is_empty())
                        && mail.to_string().contains(&order.number)
                })?;
                text(&with_invoice, "/subject").ok()
            })
            .await?;
        self.http.get(url.as_str()).await?;
        Ok(subject)
    }

    /// Looks again and again until something is found.
    async fn until<T>(
        &self,
        url: &str,
        what: &str,
        find: impl Fn(&Answer) -> Option<T>,
    ) -> Result<T> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(found) = find(&self.http.look(url).await?) {
                return Ok(found);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        bail!("waited {} s until {what}, in vain", PATIENCE.as_secs());
    }
}

fn text(value: &Value, pointer: &str) -> Result<String> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    let text = text.with_context(|| format!("there is no {pointer} in {value}"))?;
    Ok(text.to_owned())
}
