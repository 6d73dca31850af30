//! Consumers of many events, given one.

use std::future::Future;
use std::pin::Pin;

/// A function that hears many events together, as one that hears a single event.
pub fn singly<S, E, O, X, Fut>(
    hear: impl FnOnce(S, Vec<E>) -> Fut,
) -> impl FnOnce(S, E) -> Pin<Box<dyn Future<Output = Result<O, X>> + Send>>
where
    Fut: Future<Output = Result<Vec<O>, X>> + Send + 'static,
{
    move |state, event| {
        let heard = hear(state, vec![event]);
        Box::pin(async move { Ok(heard.await?.pop().expect("an answer for the event")) })
    }
}
