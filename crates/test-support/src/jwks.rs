//! A server of public keys that counts how often it is asked.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::Value;

/// What the server answers at the moment.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    body: Value,
}

#[derive(Debug)]
struct Shared {
    answer: Mutex<Answer>,
    hits: AtomicUsize,
}

/// A server that answers every path with a JWKS document.
#[derive(Debug)]
pub struct JwksServer {
    origin: String,
    shared: Arc<Shared>,
    handle: ServerHandle,
}

impl JwksServer {
    /// Starts it on a free port with these keys (JWK objects).
    pub fn start(keys: &[Value]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("a bound address"));
        let answer = Mutex::new(Answer {
            status: StatusCode::OK,
            body: document(keys),
        });
        let shared = Arc::new(Shared {
            answer,
            hits: AtomicUsize::new(0),
        });
        let state = web::Data::from(Arc::clone(&shared));
        let (started, handle) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    App::new()
                        .app_data(state.clone())
                        .default_service(web::to(answer_keys))
                };
                let server = HttpServer::new(app)
                    .workers(1)
                    .disable_signals()
                    .listen(listener)
                    .expect("a listener")
                    .run();
                let _ = started.send(server.handle());
                server.await
            })
        });
        let handle = handle.recv().expect("the server starts");
        Self {
            origin,
            shared,
            handle,
        }
    }

    /// The server's origin, `http://127.0.0.1:port`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The document's URL at the place where auth serves it.
    pub fn url(&self) -> String {
        format!("{}/.well-known/jwks.json", self.origin)
    }

    /// How often any path was asked for.
    pub fn hits(&self) -> usize {
        self.shared.hits.load(Ordering::SeqCst)
    }

    /// Replaces the keys, and ends a failure.
    pub fn set_keys(&self, keys: &[Value]) {
        *self.lock() = Answer {
            status: StatusCode::OK,
            body: document(keys),
        };
    }

    /// Answers every request with this status and no keys.
    ///
    /// # Panics
    /// If it is no HTTP status.
    pub fn fail_with(&self, status: u16) {
        self.lock().status = StatusCode::from_u16(status).expect("an HTTP status");
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Answer> {
        self.shared
            .answer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for JwksServer {
    fn drop(&mut self) {
        // The command is sent when `stop` is called; nobody needs to wait for the end.
        drop(self.handle.stop(false));
    }
}

async fn answer_keys(shared: web::Data<Shared>) -> HttpResponse {
    shared.hits.fetch_add(1, Ordering::SeqCst);
    let answer = shared.answer.lock().unwrap_or_else(PoisonError::into_inner);
    if answer.status.is_success() {
        HttpResponse::Ok().json(&answer.body)
    } else {
        HttpResponse::build(answer.status).finish()
    }
}

fn document(keys: &[Value]) -> Value {
    serde_json::json!({ "keys": keys })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::send_raw;

    #[tokio::test]
    async fn keys_change_and_hits_are_counted() {
        let server = JwksServer::start(&[serde_json::json!({"kid": "one"})]);
        let address = server.origin().trim_start_matches("http://").to_owned();
        let ask = || {
            send_raw(
                &address,
                b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            )
        };
        assert_eq!(ask().await.json()["keys"][0]["kid"], "one");
        server.set_keys(&[]);
        assert_eq!(ask().await.json()["keys"], serde_json::json!([]));
        server.fail_with(503);
        assert_eq!(ask().await.status(), 503);
        assert_eq!(server.hits(), 3);
    }
}
