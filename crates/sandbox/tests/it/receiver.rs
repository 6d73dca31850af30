//! Somebody who takes webhooks.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use sandbox::resend::webhook::{Secret, sign};
use serde_json::Value;

/// The secret of all tests.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A webhook that came in.
#[derive(Debug, Clone)]
pub struct Received {
    /// Only Resend's webhooks have one.
    pub id: String,
    /// Only Resend's webhooks have one.
    pub timestamp: i64,
    pub signature: String,
    pub content_type: String,
    pub body: Vec<u8>,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn is_genuine(&self) -> bool {
        let secret = Secret::parse(SECRET).unwrap();
        self.signature == sign(&secret, &self.id, self.timestamp, &self.body)
    }
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    /// Statuses of the next answers; then it is 200.
    answers: Vec<u16>,
}

/// A server that takes webhooks and answers as it is told.
pub struct Receiver {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// Answers with these statuses first, the first one first, and with 200 from then on.
    pub fn start(answers: &[u16]) -> Self {
        let state = Arc::new(Mutex::new(State {
            received: Vec::new(),
            answers: answers.iter().rev().copied().collect(),
        }));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Data::from(Arc::clone(&state));
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    App::new()
                        .app_data(shared.clone())
                        .default_service(web::to(take))
                };
                let server = HttpServer::new(app).workers(1).disable_signals();
                server.listen(listener).unwrap().run().await.unwrap();
            });
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    /// Waits until so many have come.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        for _ in 0..500 {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} webhooks did not come: {:?}", self.received());
    }
}

async fn take(state: Data<Mutex<State>>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let header = |name: &str| {
        let value = request.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    let mut state = state.lock().unwrap();
    let timestamp = header("svix-timestamp").map(|text| text.parse().unwrap());
    let signature = header("svix-signature").or(header("x-paystack-signature"));
    state.received.push(Received {
        id: header("svix-id").unwrap_or_default(),
        timestamp: timestamp.unwrap_or_default(),
        signature: signature.unwrap(),
        content_type: header("content-type").unwrap(),
        body: body.to_vec(),
    });
    let status = state.answers.pop().unwrap_or(200);
    HttpResponse::build(status.try_into().unwrap()).finish()
}
