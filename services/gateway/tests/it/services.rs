//! The services behind the gateway, played by one server that notes what it receives.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, Payload};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use test_support::tokens::rsa_key;

/// A request as a service received it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body_bytes: usize,
    pub body: Bytes,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    revoked: Mutex<Vec<uuid::Uuid>>,
    keys: Mutex<Vec<Value>>,
    key_fetches: AtomicUsize,
}

/// All services at one address.
pub struct Services {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    handle: ServerHandle,
}

impl Services {
    pub fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap())
    }

    /// Starts at a given address, for a service that comes back.
    pub fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        *shared.keys.lock().unwrap() = vec![rsa_key().jwk()];
        let state = Data::from(Arc::clone(&shared));
        let (started, handle) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    App::new()
                        .app_data(state.clone())
                        .default_service(web::to(answer))
                };
                let server = HttpServer::new(app)
                    .workers(1)
                    .keep_alive(Duration::from_secs(75))
                    .disable_signals()
                    .shutdown_timeout(0)
                    .listen(listener)
                    .unwrap()
                    .run();
                started.send(server.handle()).unwrap();
                server.await
            })
        });
        Self {
            address,
            shared,
            handle: handle.recv().unwrap(),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops at once; connections break.
    pub async fn stop(self) -> SocketAddr {
        self.handle.stop(false).await;
        self.address
    }

    /// What clients' requests looked like here; the gateway's own calls are not among them.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub fn last_seen(&self) -> Seen {
        self.seen().pop().expect("no request reached the service")
    }

    pub fn revoke(&self, session: uuid::Uuid) {
        self.shared.revoked.lock().unwrap().push(session);
    }

    /// How often the gateway asked for keys.
    pub fn key_fetches(&self) -> usize {
        self.shared.key_fetches.load(Ordering::SeqCst)
    }

    pub fn set_keys(&self, keys: Vec<Value>) {
        *self.shared.keys.lock().unwrap() = keys;
    }
}

async fn answer(request: HttpRequest, payload: Payload, shared: Data<Shared>) -> HttpResponse {
    match request.path() {
        "/.well-known/jwks.json" if request.headers().get("x-forwarded-for").is_none() => {
            shared.key_fetches.fetch_add(1, Ordering::SeqCst);
            let keys = shared.keys.lock().unwrap().clone();
            return HttpResponse::Ok().json(json!({ "keys": keys }));
        }
        "/internal/revocations" => return HttpResponse::Ok().json(revocations(&shared)),
        "/readyz" => return HttpResponse::Ok().finish(),
        // Answers before the body is read.
        path if path.ends_with("/early") => {
            return HttpResponse::Unauthorized().json(json!({ "early": true }));
        }
        _ => {}
    }
    let (body_bytes, body) = receive(payload).await;
    let seen = Seen {
        method: request.method().to_string(),
        target: request.uri().to_string(),
        headers: request
            .headers()
            .iter()
            .map(|(n, v)| {
                (
                    n.to_string(),
                    String::from_utf8_lossy(v.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body_bytes,
        body,
    };
    let target = seen.target.clone();
    shared.seen.lock().unwrap().push(seen);
    behave(&request, &target).await
}

/// Keeps the first MiB and counts the rest.
async fn receive(mut payload: Payload) -> (usize, Bytes) {
    let (mut count, mut kept) = (0, Vec::new());
    while let Some(Ok(chunk)) = payload.next().await {
        count += chunk.len();
        if kept.len() < 1 << 20 {
            kept.extend_from_slice(&chunk);
        }
    }
    (count, Bytes::from(kept))
}

/// The last segment of the path says what to do, the query's `n` how much of it.
async fn behave(request: &HttpRequest, target: &str) -> HttpResponse {
    let number = request
        .uri()
        .query()
        .and_then(|q| q.strip_prefix("n=")?.parse::<u64>().ok());
    let number = number.unwrap_or(0);
    match request.path().rsplit('/').next().unwrap_or_default() {
        "status" => {
            let status = u16::try_from(number).unwrap();
            HttpResponse::build(StatusCode::from_u16(status).unwrap())
                .insert_header(("x-kept", "yes"))
                .json(json!({ "status": status }))
        }
        "not-modified" => HttpResponse::NotModified()
            .insert_header(("etag", "\"1\""))
            .finish(),
        "no-content" => HttpResponse::NoContent().finish(),
        "moved" => HttpResponse::Found()
            .insert_header(("location", "https://x.example/"))
            .finish(),
        "gzip" => HttpResponse::Ok()
            .insert_header(("content-encoding", "gzip"))
            .insert_header(("vary", "accept-encoding"))
            .body(Bytes::from_static(b"\x1f\x8bopaque")),
        "page" => HttpResponse::Ok()
            .insert_header(("content-security-policy", "default-src 'self'"))
            .insert_header(("server", "secret/1.0"))
            .insert_header(("x-powered-by", "secret"))
            .insert_header(("access-control-allow-origin", "*"))
            .body("<p>"),
        "cookie" => HttpResponse::Ok()
            .insert_header(("set-cookie", "a=b"))
            .finish(),
        "slow" => {
            tokio::time::sleep(Duration::from_millis(number)).await;
            HttpResponse::Ok().json(json!({ "slow": number }))
        }
        "big" => HttpResponse::Ok().streaming(stream_of(number)),
        "sized" => {
            HttpResponse::Ok().body(actix_web::body::SizedStream::new(number, stream_of(number)))
        }
        "cut" => HttpResponse::Ok().body(actix_web::body::SizedStream::new(
            number + 10,
            stream_of(number),
        )),
        _ => HttpResponse::Ok().json(json!({ "target": target })),
    }
}

fn stream_of(bytes: u64) -> impl stream::Stream<Item = Result<Bytes, std::io::Error>> {
    let piece = Bytes::from(vec![b'x'; 64 * 1024]);
    stream::unfold(bytes, move |left| {
        let piece = piece.clone();
        async move {
            if left == 0 {
                return None;
            }
            let take = left.min(64 * 1024);
            Some((
                Ok(piece.slice(..usize::try_from(take).unwrap())),
                left - take,
            ))
        }
    })
}

fn revocations(shared: &Shared) -> Value {
    let now = "2026-01-01T00:00:00Z";
    let revoked = shared.revoked.lock().unwrap();
    let revocations: Vec<_> = revoked
        .iter()
        .map(|id| json!({ "sessionId": id, "revokedAt": now }))
        .collect();
    json!({
        "status": "success",
        "data": { "revocations": revocations, "asOf": now, "hasMore": false },
    })
}
