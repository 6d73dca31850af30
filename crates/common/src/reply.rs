//! The success envelope.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::Serialize;
use utoipa::ToSchema;

/// The wire shape of every success: `{"status":"success","data":{…}}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Success<T> {
    /// Always `success`.
    #[schema(example = "success")]
    pub status: &'static str,
    /// A sentence for people, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'static str>,
    /// The answer.
    pub data: T,
}

/// An answer without content, `{}`.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Nothing {}

impl<T: Serialize> Success<T> {
    /// Wraps an answer.
    pub fn new(data: T) -> Self {
        Self {
            status: "success",
            message: None,
            data,
        }
    }
}

/// 200 with private data: never cached.
pub fn ok<T: Serialize>(data: T) -> HttpResponse {
    private(HttpResponse::Ok(), Success::new(data))
}

/// 201 for something made.
pub fn created<T: Serialize>(data: T) -> HttpResponse {
    private(HttpResponse::Created(), Success::new(data))
}

/// 202 for something that goes on.
pub fn accepted<T: Serialize>(data: T) -> HttpResponse {
    private(HttpResponse::Accepted(), Success::new(data))
}

/// 200 with nothing but a sentence.
pub fn message(message: &'static str) -> HttpResponse {
    let body = Success {
        status: "success",
        message: Some(message),
        data: Nothing {},
    };
    private(HttpResponse::Ok(), body)
}

fn private<T: Serialize>(
    mut response: actix_web::HttpResponseBuilder,
    body: Success<T>,
) -> HttpResponse {
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(body)
}
