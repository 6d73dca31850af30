//! Work that is not given up with its request.

use std::future::Future;

use common::{ApiError, context};

/// Carries something out to its end, also when the client goes away meanwhile.
pub(super) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    let scope = context::current().unwrap_or_else(context::Context::background);
    let running = tokio::spawn(scope.scope(work));
    running.await.map_err(ApiError::internal)?
}
