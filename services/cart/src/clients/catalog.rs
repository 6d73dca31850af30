//! Asking the catalogue about variants.

use common::client::{CallError, Sibling};
use money::{Amount, Currency};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::ids::{ProductId, VariantId};
use crate::domain::offer::Offer;

/// What one question may name.
pub(crate) const ASKED_MAX: usize = 200;

/// A client of the catalogue's `POST /internal/variants/lookup`.
#[derive(Clone)]
pub(crate) struct CatalogClient(Sibling);

/// What is asked about; at most [`ASKED_MAX`] of them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Question {
    VariantIds(Vec<Uuid>),
    ProductIds(Vec<Uuid>),
}

#[derive(Deserialize)]
struct Answer {
    variants: Vec<VariantBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VariantBody {
    variant_id: Uuid,
    product_id: Uuid,
    sku: String,
    title: String,
    #[serde(default)]
    name: Option<String>,
    price: Amount,
    currency: Currency,
    is_active: bool,
    available: i64,
    #[serde(default)]
    thumbnail: Option<String>,
    variant_count: i64,
}

impl From<VariantBody> for Offer {
    fn from(body: VariantBody) -> Self {
        Self {
            variant_id: VariantId(body.variant_id),
            product_id: ProductId(body.product_id),
            sku: body.sku,
            title: body.title,
            name: body.name,
            thumbnail: body.thumbnail,
            price: body.price.in_currency(body.currency),
            is_active: body.is_active,
            available: body.available,
            variant_count: body.variant_count,
        }
    }
}

impl CatalogClient {
    /// Over a client of the catalogue.
    pub(crate) fn new(catalog: Sibling) -> Self {
        Self(catalog)
    }

    /// What these variants offer; what the catalogue does not know is missing.
    pub(crate) async fn variants(&self, ids: &[VariantId]) -> Result<Vec<Offer>, CallError> {
        let ids = ids.iter().map(|id| id.0).collect();
        self.ask(&Question::VariantIds(ids)).await
    }

    /// What the variants of these products offer.
    pub(crate) async fn variants_of(&self, ids: &[ProductId]) -> Result<Vec<Offer>, CallError> {
        let ids = ids.iter().map(|id| id.0).collect();
        self.ask(&Question::ProductIds(ids)).await
    }

    async fn ask(&self, question: &Question) -> Result<Vec<Offer>, CallError> {
        let url = self.0.url("/internal/variants/lookup");
        let url = url.map_err(|error| CallError::Unavailable {
            service: "catalog",
            cause: error.to_string(),
        })?;
        let answer: Answer = self.0.post(url, question).await?;
        Ok(answer.variants.into_iter().map(Offer::from).collect())
    }
}
