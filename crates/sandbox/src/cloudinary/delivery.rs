//! Delivery: the pictures of the seeded goods, under the paths that the vendor would deliver them.

use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETag, EntityTag,
    Header, HeaderValue, IfNoneMatch, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

use super::asset::Asset;
use super::error::Refusal;
use super::picture;

/// The one cloud there is.
const CLOUD: &str = "agape";
/// A picture may be opened by itself, and then it is a document of this origin: it runs nothing and fetches nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// `GET`, `HEAD /:cloud/image/upload/[<transformations>/…][v<version>/]<public_id>[.<extension>]`.
pub async fn deliver(request: HttpRequest, path: Path<(String, String)>) -> HttpResponse {
    let (cloud, asset) = path.into_inner();
    match find(&cloud, &asset) {
        Ok(svg) => answer(&request, svg),
        Err(refusal) => refusal.respond(),
    }
}

/// A picture's path with another method.
pub async fn method_not_allowed() -> HttpResponse {
    let mut answer = Refusal::method_not_allowed().respond();
    let methods = HeaderValue::from_static("GET, HEAD");
    answer.headers_mut().insert(ALLOW, methods);
    answer
}

/// A path that does not exist, or that the sandbox does not have.
pub async fn not_found() -> HttpResponse {
    Refusal::not_found("This sandbox delivers images that were uploaded, and nothing else")
        .respond()
}

fn find(cloud: &str, path: &str) -> Result<String, Refusal> {
    if cloud != CLOUD {
        return Err(Refusal::not_found(format!("Unknown cloud - {cloud}")));
    }
    let asset = Asset::parse(path)?;
    let picture = picture::find(&asset.public_id)
        .ok_or_else(|| Refusal::not_found(format!("Resource not found - {}", asset.public_id)))?;
    match asset.extension.as_deref() {
        None | Some("svg") => Ok(picture.framed(asset.frame)),
        Some(other) => Err(Refusal::not_found(format!(
            "This sandbox keeps its pictures as SVG and cannot convert them to {other}"
        ))),
    }
}

fn answer(request: &HttpRequest, svg: String) -> HttpResponse {
    let tag = tag_of(&svg);
    let is_known = is_known(request, &tag);
    let mut response = match is_known {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    response
        .insert_header(ETag(tag))
        .insert_header((CACHE_CONTROL, "public, max-age=2592000"))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY));
    match is_known {
        true => response.finish(),
        false => response.content_type("image/svg+xml").body(svg),
    }
}

fn tag_of(svg: &str) -> EntityTag {
    let digest = digest(&SHA256, svg.as_bytes());
    EntityTag::new_strong(BASE64_URL_SAFE_NO_PAD.encode(digest))
}

/// Whether the client has it already.
fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_absent) => false,
    }
}
