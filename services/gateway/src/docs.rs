//! The API reference: the merged OpenAPI document and a page that shows it, all of it from this binary.

use std::io::Write as _;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use common::crypto::sha256;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

const DOCUMENT: &[u8] = include_bytes!("../../../proto-docs/openapi/agape.json");
const PAGE: &[u8] = include_bytes!("../assets/docs.html");
const SCRIPT_GZ: &[u8] = include_bytes!("../assets/rapidoc-min.js.gz");

/// Scripts and calls go to this host only; the reference writes its styles inline.
const PAGE_CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// Short enough for a new release to be seen, long enough for a page to load once.
const FOR_A_MINUTE: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// The files of the reference, each ready in both encodings.
#[derive(Debug)]
pub struct Docs {
    document: Asset,
    page: Asset,
    script: Asset,
}

#[derive(Debug)]
struct Asset {
    content_type: HeaderValue,
    identity: Bytes,
    gzip: Bytes,
    etag: HeaderValue,
    etag_gzip: HeaderValue,
    csp: Option<HeaderValue>,
}

impl Docs {
    /// Prepares the files.
    ///
    /// # Errors
    /// When an embedded file is damaged.
    pub fn load() -> anyhow::Result<Self> {
        let mut script = Vec::new();
        std::io::Read::read_to_end(&mut GzDecoder::new(SCRIPT_GZ), &mut script)?;
        Ok(Self {
            document: Asset::new("application/json", DOCUMENT, gzip(DOCUMENT)?)?,
            page: Asset {
                csp: Some(PAGE_CSP),
                ..Asset::new("text/html; charset=utf-8", PAGE, gzip(PAGE)?)?
            },
            script: Asset::new(
                "text/javascript; charset=utf-8",
                &script,
                SCRIPT_GZ.to_vec(),
            )?,
        })
    }

    /// The file at `path`, if it is one of the reference's.
    #[must_use]
    pub fn find(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let asset = match request.uri().path() {
            "/api/v1/openapi.json" => &self.document,
            "/docs" | "/docs/" => &self.page,
            "/docs/rapidoc-min.js" => &self.script,
            _ => return None,
        };
        Some(asset.answer(request.headers()))
    }
}

impl Asset {
    fn new(content_type: &'static str, identity: &[u8], gzip: Vec<u8>) -> anyhow::Result<Self> {
        let digest = hex::encode(sha256(identity));
        Ok(Self {
            content_type: HeaderValue::from_static(content_type),
            identity: Bytes::copy_from_slice(identity),
            gzip: Bytes::from(gzip),
            etag: HeaderValue::try_from(format!("\"{digest}\""))?,
            etag_gzip: HeaderValue::try_from(format!("\"{digest}-gzip\""))?,
            csp: None,
        })
    }

    fn answer(&self, request: &HeaderMap) -> HttpResponse {
        let gzipped = accepts_gzip(request);
        let (body, etag) = match gzipped {
            true => (&self.gzip, &self.etag_gzip),
            false => (&self.identity, &self.etag),
        };
        let is_known = request
            .get_all(header::IF_NONE_MATCH)
            .any(|known| names(known, etag));
        let mut response = if is_known {
            HttpResponse::new(StatusCode::NOT_MODIFIED)
        } else {
            HttpResponse::Ok().body(body.clone())
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, etag.clone());
        headers.insert(header::CACHE_CONTROL, FOR_A_MINUTE);
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Some(csp) = &self.csp {
            headers.insert(header::CONTENT_SECURITY_POLICY, csp.clone());
        }
        if !is_known {
            headers.insert(header::CONTENT_TYPE, self.content_type.clone());
            if gzipped {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
        }
        response
    }
}

fn accepts_gzip(request: &HeaderMap) -> bool {
    request
        .get_all(header::ACCEPT_ENCODING)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|coding| coding.trim().strip_prefix("gzip"))
        // `gzip;q=0` says no.
        .any(|quality| !matches!(quality.replace(' ', "").as_str(), ";q=0" | ";q=0.0"))
}

fn names(condition: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(condition), Ok(etag)) = (condition.to_str(), etag.to_str()) else {
        return false;
    };
    condition
        .split(',')
        .map(str::trim)
        .any(|listed| listed == "*" || listed.trim_start_matches("W/") == etag)
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}
