//! A service to measure the gateway against: answers every path with the same 3 KB of JSON, and plays auth as far as
//! the gateway needs it (keys, revocations, readiness).
//!
//! `upstream <directory> <port>` writes into the directory what a gateway in front of it needs: `key.der`,
//! `keys.json`, `hash.key`, and an access token in `token`.

use std::error::Error;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::clock::{Clock as _, SystemClock};
use common::ids::new_id;
use serde_json::{Value, json};
use test_support::tokens::{Token, ed25519_key, rsa_key};

const TOKEN_LIFETIME_SECS: i64 = 3600;

struct Answers {
    product: Bytes,
    keys: Value,
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(dir), Some(port)) = (arguments.next(), arguments.next()) else {
        return Err("usage: upstream <directory> <port>".into());
    };
    write_secrets(Path::new(&dir))?;
    let product = product().to_string();
    let answers = Data::new(Answers {
        product: Bytes::from(product),
        keys: json!({ "keys": [rsa_key().jwk()] }),
    });
    HttpServer::new(move || {
        App::new()
            .app_data(answers.clone())
            .default_service(web::to(answer))
    })
    .workers(2)
    .keep_alive(Duration::from_secs(75))
    .bind(("127.0.0.1", port.parse()?))?
    .run()
    .await?;
    Ok(())
}

async fn answer(request: HttpRequest, answers: Data<Answers>) -> HttpResponse {
    match request.path() {
        "/.well-known/jwks.json" => HttpResponse::Ok().json(&answers.keys),
        "/internal/revocations" => HttpResponse::Ok().json(json!({
            "status": "success",
            "data": { "revocations": [], "asOf": SystemClock.now(), "hasMore": false },
        })),
        "/readyz" => HttpResponse::Ok().finish(),
        _ => HttpResponse::Ok()
            .content_type("application/json")
            .insert_header(("etag", "\"3f2a\""))
            .insert_header(("cache-control", "public, max-age=5"))
            .body(answers.product.clone()),
    }
}

/// About 3 KB, shaped like a page of the catalogue.
fn product() -> Value {
    let products: Vec<Value> = (0..8)
        .map(|n| {
            json!({
                "id": new_id(), "sku": format!("SKU-{n:05}"), "slug": format!("ankara-dress-{n}"),
                "title": "Ankara dress, hand dyed, knee length", "price": 24_500, "currency": "NGN",
                "shortDescription": "Cotton, lined, with pockets; washed cold it keeps its colours.",
                "tags": ["dress", "ankara", "cotton"], "inStock": true, "available": 17 + n,
                "isFeatured": false, "isActive": true,
            })
        })
        .collect();
    json!({
        "status": "success",
        "data": {
            "products": products,
            "pagination": { "page": 1, "limit": 8, "total": 8, "totalPages": 1, "totalIsEstimate": false },
        },
    })
}

fn write_secrets(dir: &Path) -> Result<(), Box<dyn Error>> {
    let mut public = ed25519_key().jwk();
    if let Some(fields) = public.as_object_mut() {
        fields.insert("iss".to_owned(), "gateway".into());
    }
    write_secret(&dir.join("key.der"), ed25519_key().private_der())?;
    write_secret(
        &dir.join("keys.json"),
        json!({ "keys": [public] }).to_string().as_bytes(),
    )?;
    write_secret(
        &dir.join("hash.key"),
        STANDARD.encode([7_u8; 32]).as_bytes(),
    )?;
    write_secret(&dir.join("token"), token().as_bytes())?;
    Ok(())
}

fn write_secret(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?
        .write_all(content)
}

fn token() -> String {
    let now = SystemClock.now().timestamp();
    Token::new()
        .header("typ", "at+jwt")
        .header("kid", rsa_key().kid())
        .claim("sub", new_id().to_string())
        .claim("sid", new_id().to_string())
        .claim("role", "customer")
        .claim("mfa", false)
        .claim("iss", "agape")
        .claim("aud", "agape-api")
        .claim("iat", now)
        .claim("nbf", now)
        .claim("exp", now + TOKEN_LIFETIME_SECS)
        .claim("jti", new_id().to_string())
        .rs256(rsa_key())
}
