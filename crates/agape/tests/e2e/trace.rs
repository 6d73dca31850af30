//! One request, one trace: across HTTP, the broker and a vendor's API.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::shop::client;
use crate::system::System;

/// A span as the collector got it.
#[derive(Debug, Clone)]
struct Span {
    service: String,
    name: String,
    trace: String,
}

/// Takes traces by OTLP over HTTP, as a collector does.
struct Collector {
    url: String,
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let spans = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&spans);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || serve(stream.unwrap(), &kept));
            }
        });
        Self { url, spans }
    }

    fn spans_of(&self, trace: &str) -> Vec<Span> {
        let spans = self.spans.lock().unwrap();
        spans
            .iter()
            .filter(|span| span.trace == trace)
            .cloned()
            .collect()
    }
}

fn serve(mut stream: TcpStream, spans: &Mutex<Vec<Span>>) {
    let mut request = Vec::new();
    let mut buffer = [0; 65_536];
    let body = loop {
        let read = stream.read(&mut buffer).unwrap_or(0);
        if read == 0 {
            return;
        }
        request.extend_from_slice(&buffer[..read]);
        if let Some(body) = body_of(&request) {
            break body;
        }
    };
    let export = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
    for resource in export.resource_spans {
        let service = service_of(&resource.resource.unwrap_or_default());
        let exported = resource
            .scope_spans
            .into_iter()
            .flat_map(|scope| scope.spans);
        let kept = exported.map(|span| Span {
            service: service.clone(),
            name: span.name,
            trace: hex::encode(span.trace_id),
        });
        spans.lock().unwrap().extend(kept);
    }
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

/// The body, once all of it is there.
fn body_of(request: &[u8]) -> Option<Vec<u8>> {
    let head_end = request.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&request[..head_end]).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))?;
    let length: usize = length.trim().parse().ok()?;
    let body = request.get(head_end..head_end + length)?;
    Some(body.to_vec())
}

fn service_of(resource: &opentelemetry_proto::tonic::resource::v1::Resource) -> String {
    use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
    let name = resource
        .attributes
        .iter()
        .find(|attribute| attribute.key == "service.name");
    match name.and_then(|name| name.value.clone()?.value) {
        Some(Any::StringValue(name)) => name,
        _ => String::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_and_its_mail_are_one_trace_also_after_a_failure() {
    let collector = Collector::start();
    let endpoint = |service: &str| format!("{service}__OTLP__ENDPOINT");
    let names = ["GATEWAY", "AUTH", "NOTIFICATIONS"].map(endpoint);
    let extra: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), collector.url.as_str()))
        .collect();
    let system = System::start(&extra);
    // The first attempt at sending fails.
    let fault = json!({"resend": {"send": {"status": 500, "times": 1}}});
    let url = system.url("sandbox", "/_sandbox/faults");
    assert!(
        client()
            .put(url)
            .json(&fault)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let person = json!({"email": "traced@example.com", "password": "Correct-Horse-7-Battery", "name": "Ada"});
    let registered = client()
        .post(system.url("gateway", "/api/v1/auth/register"))
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))
        .json(&person)
        .send()
        .await
        .unwrap();
    assert_eq!(registered.status(), StatusCode::CREATED);

    let wanted = |spans: &[Span]| {
        let names: BTreeSet<(&str, &str)> = spans
            .iter()
            .map(|span| (span.service.as_str(), span.name.as_str()))
            .collect();
        let has = |service, name| names.contains(&(service, name));
        has("gateway", "POST /api/v1/auth/register")
            && has("auth", "POST /api/v1/auth/register")
            && has("auth", "event.publish")
            && has("notifications", "notifications.on_auth_mail_requested")
            && has("auth", "POST /internal/mails/{mailId}")
            && spans
                .iter()
                .filter(|span| span.name == "notifications.send")
                .count()
                == 2
    };
    let mut seen = Vec::new();
    tokio::task::block_in_place(|| {
        let until = std::time::Instant::now() + Duration::from_secs(60);
        while std::time::Instant::now() < until {
            seen = collector.spans_of(trace);
            if wanted(&seen) {
                return;
            }
            thread::sleep(Duration::from_millis(200));
        }
        panic!("the trace has {seen:#?}");
    });
    // The vendor was told of the trace, both times.
    let journal = client().get(system.url("sandbox", "/_sandbox/journal?vendor=resend"));
    let journal: Value = journal.send().await.unwrap().json().await.unwrap();
    let told = journal
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry.to_string().contains(trace))
        .count();
    assert!(told >= 2, "{journal:#}");
}
