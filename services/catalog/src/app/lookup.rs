//! What other services ask of variants.

use super::Error;
use crate::domain::ids::{ProductId, VariantId};
use crate::startup::AppState;
use crate::store::lookup::{self, FoundVariant};

/// Variants by their own ids and by those of their products; what there is not is left out.
pub(crate) async fn lookup_variants(
    state: &AppState,
    variants: &[VariantId],
    products: &[ProductId],
) -> Result<Vec<FoundVariant>, Error> {
    let mut conn = state.db.get().await?;
    Ok(lookup::find(&mut conn, variants, products).await?)
}
