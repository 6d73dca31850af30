//! Extractors that refuse bad input with the envelope, before a handler runs.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut, ServiceConfig};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use futures_util::StreamExt as _;
use garde::Validate;
use serde::de::DeserializeOwned;

pub use actix_web::web::{Path, Query};

use crate::error::{ApiError, Detail, ErrorCode};
use crate::idempotency::RawBody;

/// The largest JSON body accepted unless a route says otherwise, in bytes.
pub const JSON_LIMIT_BYTES: usize = 256 * 1024;

/// Extractor limits and the envelope for everything actix refuses by itself; every service's `App` configures this.
pub fn defaults(config: &mut ServiceConfig) {
    config
        .app_data(web::PathConfig::default().error_handler(|_, _| {
            ApiError::invalid("path", "an identifier in the path is malformed").into()
        }))
        .app_data(web::QueryConfig::default().error_handler(|error, _| {
            let text = error.to_string();
            let reason = text.trim_start_matches("Query deserialize error: ");
            ApiError::validation(vec![detail_of(reason, "query")]).into()
        }))
        .app_data(web::PayloadConfig::new(JSON_LIMIT_BYTES));
}

/// Limit of JSON bodies on a route, in bytes, where [`JSON_LIMIT_BYTES`] does not fit; set as `app_data`.
#[derive(Debug, Clone, Copy)]
pub struct JsonLimit(pub usize);

/// A JSON body, parsed strictly and validated.
///
/// Refused before the handler: another content type (415), an encoded body (415), one over the limit (413), malformed
/// JSON, NUL characters (PostgreSQL has none), and whatever the type's `garde` rules refuse (400, every field listed).
/// Types should deny unknown fields; serde itself refuses duplicate ones.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T> Json<T> {
    /// The body.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Json<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> FromRequest for Json<T>
where
    T: DeserializeOwned + Validate<Context = ()> + 'static,
{
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            require_json(&request)?;
            let body = read_body(&request, payload).await?;
            parse(&body).map(Self)
        })
    }
}

/// A JSON body that may be absent; an empty one is `None` and needs no content type.
#[derive(Debug)]
pub struct OptionalJson<T>(pub Option<T>);

impl<T> FromRequest for OptionalJson<T>
where
    T: DeserializeOwned + Validate<Context = ()> + 'static,
{
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let body = read_body(&request, payload).await?;
            if body.is_empty() {
                return Ok(Self(None));
            }
            require_json(&request)?;
            parse(&body).map(|value| Self(Some(value)))
        })
    }
}

fn require_json(request: &HttpRequest) -> Result<(), ApiError> {
    let unsupported =
        |message: &'static str| ApiError::new(ErrorCode::UnsupportedMediaType, message);
    if request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(unsupported("an encoded request body is not accepted"));
    }
    let mime = request
        .mime_type()
        .map_err(|_malformed| unsupported("the Content-Type header is malformed"))?
        .ok_or_else(|| unsupported("Content-Type must be application/json"))?;
    let is_json = mime.type_() == "application" && mime.subtype() == "json";
    let is_utf8 = mime
        .get_param("charset")
        .is_none_or(|charset| charset == "utf-8");
    if is_json && is_utf8 {
        Ok(())
    } else {
        Err(unsupported("Content-Type must be application/json"))
    }
}

async fn read_body(request: &HttpRequest, mut payload: Payload) -> Result<Bytes, ApiError> {
    let limit = request
        .app_data::<JsonLimit>()
        .map_or(JSON_LIMIT_BYTES, |l| l.0);
    let too_large = || {
        ApiError::new(
            ErrorCode::PayloadTooLarge,
            format!("the body must not exceed {limit} bytes"),
        )
    };
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse::<usize>().ok())
        .unwrap_or(0);
    if announced > limit {
        return Err(too_large());
    }
    let mut body = BytesMut::with_capacity(announced.min(limit));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_broken| ApiError::invalid("body", "could not be read"))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    let body = body.freeze();
    request.extensions_mut().insert(RawBody(body.clone()));
    Ok(body)
}

/// Parses and validates a JSON text as [`Json`] does.
///
/// # Errors
/// 400 with a detail for each field that is wrong.
pub fn parse<T>(body: &[u8]) -> Result<T, ApiError>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    if contains_nul(body) {
        return Err(ApiError::invalid("body", "must not contain NUL characters"));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let text = error.inner().to_string();
        ApiError::validation(vec![detail_of(&text, &path)])
    })?;
    reader.end().map_err(|_trailing| {
        ApiError::invalid("body", "must be one JSON value and nothing after it")
    })?;
    value.validate().map_err(|report| {
        let details = report
            .iter()
            .map(|(path, error)| Detail {
                field: camel_case(&path.to_string()),
                message: error.message().to_owned(),
            })
            .collect();
        ApiError::validation(details)
    })?;
    Ok(value)
}

/// Whether a JSON text holds U+0000, raw or as the escape `\u0000` (and not the harmless `\\u0000`).
fn contains_nul(body: &[u8]) -> bool {
    if body.contains(&0) {
        return true;
    }
    let mut rest = body;
    while let Some(at) = rest.iter().position(|&b| b == b'\\') {
        let after = rest.get(at + 1..).unwrap_or_default();
        if after.starts_with(b"u0000") {
            return true;
        }
        rest = after.get(1..).unwrap_or_default();
    }
    false
}

/// Turns serde's words into a field and a message: positions say nothing to a client, names do.
fn detail_of(text: &str, path: &str) -> Detail {
    let message = text.split(" at line ").next().unwrap_or(text);
    let named = message
        .strip_prefix("missing field `")
        .or_else(|| message.strip_prefix("unknown field `"))
        .or_else(|| message.strip_prefix("duplicate field `"))
        .and_then(|rest| rest.split('`').next());
    let parent = dotted(path);
    let parent = parent.as_str();
    let field = match named {
        Some(name) if parent.is_empty() || parent == "query" || parent == name => name.to_owned(),
        Some(name) if parent.ends_with(&format!(".{name}")) => parent.to_owned(),
        Some(name) => format!("{parent}.{name}"),
        None if parent.is_empty() => "body".to_owned(),
        None => parent.to_owned(),
    };
    let message = match message {
        m if m.starts_with("missing field") => "is required".to_owned(),
        m if m.starts_with("unknown field") => "is not a known field".to_owned(),
        m if m.starts_with("duplicate field") => "is given twice".to_owned(),
        m => m.to_owned(),
    };
    Detail { field, message }
}

/// `items[0].quantity` is written `items.0.quantity`. What the parser has no name for, it calls `?`.
fn dotted(path: &str) -> String {
    let path = path.replace('[', ".").replace(']', "");
    let parts: Vec<&str> = path
        .split('.')
        .filter(|part| !part.is_empty() && *part != "?")
        .collect();
    parts.join(".")
}

fn camel_case(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut upper = false;
    for c in dotted(path).chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                out.extend(c.to_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, Validate)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Body {
        #[garde(length(min = 1, max = 5))]
        first_name: String,
        #[garde(dive)]
        #[serde(default)]
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Item {
        #[garde(range(min = 1, max = 1000))]
        quantity: u32,
    }

    fn refused(body: &str) -> (String, String) {
        let error = parse::<Body>(body.as_bytes()).unwrap_err();
        let detail = error.details()[0].clone();
        (detail.field, detail.message)
    }

    #[test]
    fn fields_are_named_as_the_client_wrote_them() {
        assert_eq!(refused(r#"{}"#), ("firstName".into(), "is required".into()));
        assert_eq!(refused(r#"{"firstName":"a","x":1}"#).0, "x");
        assert_eq!(
            refused(r#"{"firstName":"a","items":[{"quantity":0}]}"#).0,
            "items.0.quantity"
        );
        assert_eq!(refused(r#"{"firstName":""}"#).0, "firstName");
        assert_eq!(refused(r#"{"firstName":1}"#).0, "firstName");
        let wrong_type = r#"{"firstName":"a","items":[{"quantity":"1"}]}"#;
        assert_eq!(refused(wrong_type).0, "items.0.quantity");
    }

    #[test]
    fn duplicate_fields_trailing_text_and_nul_are_refused() {
        assert_eq!(
            refused(r#"{"firstName":"a","firstName":"b"}"#).1,
            "is given twice"
        );
        assert_eq!(refused(r#"{"firstName":"a"} x"#).0, "body");
        assert_eq!(refused(r#"{"firstName":"a""#).0, "body");
        assert_eq!(refused(r#"{"#).0, "body");
        assert_eq!(refused(r#"{"firstName":"\u0000"}"#).0, "body");
        assert!(parse::<Body>(br#"{"firstName":"\\u00"}"#).is_ok());
    }

    #[test]
    fn a_deeply_nested_body_is_refused_not_overflowed() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(parse::<Body>(deep.as_bytes()).is_err());
    }
}
