//! The OpenAPI description of what the gateway answers itself.

use utoipa::OpenApi;

use crate::health::HealthReport;

/// The document of the gateway's own endpoints; `agape.json` merges it with those of the services.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Agape gateway",
        description = "What the gateway answers itself; every other path belongs to a service."
    ),
    paths(healthz, openapi_document, api_reference),
    components(schemas(HealthReport)),
    tags((name = "gateway", description = "Health and the API reference"))
)]
struct Document;

/// The document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// How the shop stands as a whole. Probes are cached for two seconds; not rate limited.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "gateway",
    responses(
        (status = 200, description = "The shop sells (`healthy` or `degraded`)", body = HealthReport),
        (status = 503, description = "A service needed for selling is down", body = HealthReport),
    )
)]
#[expect(
    dead_code,
    reason = "carries the description; the handler answers the path itself"
)]
fn healthz() {}

/// This document: all services together.
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    operation_id = "openapi_document",
    tag = "gateway",
    responses(
        (status = 200, description = "The OpenAPI 3.1 document", content_type = "application/json"),
        (status = 304, description = "Unchanged since the `ETag` in `If-None-Match`"),
    )
)]
#[expect(
    dead_code,
    reason = "carries the description; the handler answers the path itself"
)]
fn openapi_document() {}

/// The API reference for people.
#[utoipa::path(
    get,
    path = "/docs",
    operation_id = "api_reference",
    tag = "gateway",
    responses((status = 200, description = "A page that shows this document", content_type = "text/html"))
)]
#[expect(
    dead_code,
    reason = "carries the description; the handler answers the path itself"
)]
fn api_reference() {}
