//! The catalogue: what things are called and cost.

use common::client::{CallError, Sibling};
use money::{Amount, Currency, Money};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::domain::ids::{ProductId, VariantId};

/// What one question may name of each kind.
const ASKED_MAX: usize = 200;

/// Something that is for sale, or was.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) variant: VariantId,
    pub(crate) product: ProductId,
    pub(crate) sku: String,
    /// The product's, with the variant's name where it has several.
    pub(crate) title: String,
    pub(crate) price: Money,
    /// Whether it can be bought at all.
    pub(crate) is_active: bool,
    /// How many variants its product has.
    pub(crate) variants: i64,
}

/// A client of `POST /internal/variants/lookup`.
pub(crate) struct Catalog {
    sibling: Sibling,
    lookup: Url,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Question<'a> {
    variant_ids: &'a [Uuid],
    product_ids: &'a [Uuid],
}

#[derive(Deserialize)]
struct Answer {
    variants: Vec<Body>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    variant_id: Uuid,
    product_id: Uuid,
    sku: String,
    title: String,
    #[serde(default)]
    name: Option<String>,
    price: Amount,
    currency: Currency,
    is_active: bool,
    variant_count: i64,
}

impl From<Body> for Offer {
    fn from(body: Body) -> Self {
        let name = body.name.filter(|_| body.variant_count > 1);
        Self {
            variant: VariantId(body.variant_id),
            product: ProductId(body.product_id),
            sku: body.sku,
            title: match name {
                Some(name) => format!("{} – {name}", body.title),
                None => body.title,
            },
            price: body.price.in_currency(body.currency),
            is_active: body.is_active,
            variants: body.variant_count,
        }
    }
}

impl Catalog {
    /// For the catalogue behind `sibling`.
    pub(crate) fn new(sibling: Sibling) -> Result<Self, url::ParseError> {
        let lookup = sibling.url("/internal/variants/lookup")?;
        Ok(Self { sibling, lookup })
    }

    /// What these variants, and all variants of these products, offer; what the catalogue does not know is missing.
    pub(crate) async fn offers(
        &self,
        variants: &[Uuid],
        products: &[Uuid],
    ) -> Result<Vec<Offer>, CallError> {
        debug_assert!(variants.len() <= ASKED_MAX && products.len() <= ASKED_MAX);
        let question = Question {
            variant_ids: variants,
            product_ids: products,
        };
        let answer: Answer = self.sibling.post(self.lookup.clone(), &question).await?;
        Ok(answer.variants.into_iter().map(Offer::from).collect())
    }
}
