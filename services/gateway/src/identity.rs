//! Who a request comes from, by its access token.
//!
//! The gateway refuses bad tokens early, counts people rather than addresses, and knows staff. It decides nothing
//! else: each service checks the token again and judges what its bearer may do.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header;
use common::ApiError;
use common::auth::{AccessClaims, TokenVerifier, bearer};

/// The claims of the token that came with the request; `None` when there was none.
///
/// # Errors
/// 401 for anything in `Authorization` that is not one valid access token, 503 while no key is known.
pub async fn identify(
    verifier: &TokenVerifier,
    request: &HttpRequest,
) -> Result<Option<Arc<AccessClaims>>, ApiError> {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        return Ok(None);
    }
    let token = bearer(request)?;
    Ok(Some(verifier.verify(token).await?))
}
