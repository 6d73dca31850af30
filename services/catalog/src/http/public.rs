//! Answers that anybody may read and keep for a moment, each with its tag.

use actix_web::http::header::{
    ACCEPT_ENCODING, AcceptEncoding, CACHE_CONTROL, CONTENT_TYPE, ContentEncoding, ETAG, Encoding,
    EntityTag, Header, IfNoneMatch, VARY,
};
use actix_web::{HttpRequest, HttpResponse};
use common::ApiError;
use common::reply::Success;
use serde::Serialize;

use crate::startup::AppState;

/// A shared cache asks again each time, and gets 304 while nothing has changed.
const REVALIDATED: &str = "public, no-cache";

/// 200 with the answer of this name, made by `make` if nobody has it ready, or 304 if the client has just that.
pub(crate) async fn answer<T: Serialize>(
    state: &AppState,
    request: &HttpRequest,
    name: String,
    make: impl Future<Output = Result<T, ApiError>>,
) -> Result<HttpResponse, ApiError> {
    let make = async { serde_json::to_vec(&Success::new(make.await?)).map_err(ApiError::internal) };
    let answer = state.answers.get(name, make).await?;
    // Weak, as it stays the same when the body is compressed.
    let tag = EntityTag::new_weak(answer.tag.clone());
    let is_known = has(request, &tag);
    let mut response = if is_known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((ETAG, tag.to_string()))
        .insert_header((CACHE_CONTROL, REVALIDATED))
        .insert_header((VARY, ACCEPT_ENCODING.as_str()));
    if is_known {
        return Ok(response.finish());
    }
    response.insert_header((CONTENT_TYPE, "application/json"));
    let gzip = answer.gzip.as_ref().filter(|_| takes_gzip(request));
    Ok(match gzip {
        Some(gzip) => response
            .insert_header(ContentEncoding::Gzip)
            .body(gzip.clone()),
        None => response.body(answer.body.clone()),
    })
}

fn has(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|one| one.weak_eq(tag)),
        Err(_) => false,
    }
}

fn takes_gzip(request: &HttpRequest) -> bool {
    // Without the header a client takes anything (RFC 9110 §12.5.3); most that leave it out cannot read it.
    request.headers().contains_key(ACCEPT_ENCODING)
        && AcceptEncoding::parse(request).is_ok_and(|accepted| {
            accepted.negotiate([Encoding::gzip()].iter()) == Some(Encoding::gzip())
        })
}
