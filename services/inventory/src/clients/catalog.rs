//! The catalogue: what a variant is.

use common::client::{CallError, Sibling};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::domain::ids::VariantId;

/// What the catalogue says of a variant, as far as stock is concerned.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Variant {
    variant_id: Uuid,
    pub(crate) product_id: Uuid,
    pub(crate) sku: String,
    pub(crate) is_active: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lookup {
    variant_ids: Vec<Uuid>,
}

#[derive(Deserialize)]
struct Found {
    variants: Vec<Variant>,
}

/// A client of the catalogue.
pub(crate) struct Catalog {
    sibling: Sibling,
    lookup: Url,
}

impl Catalog {
    /// For the catalogue behind `sibling`.
    pub(crate) fn new(sibling: Sibling) -> Result<Self, url::ParseError> {
        let lookup = sibling.url("/internal/variants/lookup")?;
        Ok(Self { sibling, lookup })
    }

    /// One variant, if there is such.
    pub(crate) async fn variant(&self, id: VariantId) -> Result<Option<Variant>, CallError> {
        let asked = Lookup {
            variant_ids: vec![id.0],
        };
        let found: Found = self.sibling.post(self.lookup.clone(), &asked).await?;
        Ok(found
            .variants
            .into_iter()
            .find(|variant| variant.variant_id == id.0))
    }
}
