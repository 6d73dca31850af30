//! The log line: `level timestamp service traceId requestId userId message metadata`.

use std::fmt;
use std::io::Write as _;

use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter as _;
use tracing_subscriber::layer::Context as LayerContext;

use crate::clock::{Clock, SystemClock};
use crate::context;

/// Writes each event as one line of JSON; never blocks.
pub(super) struct JsonLayer {
    service: &'static str,
    writer: NonBlocking,
}

impl JsonLayer {
    pub fn new(service: &'static str, writer: NonBlocking) -> Self {
        Self { service, writer }
    }
}

impl<S: Subscriber> Layer<S> for JsonLayer {
    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = line(self.service, *event.metadata().level(), fields);
        line.push('\n');
        // A full queue drops the line; the writer counts those.
        let _ = self.writer.make_writer().write_all(line.as_bytes());
    }
}

/// The members in the order in which people read them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    level: &'a str,
    timestamp: String,
    service: &'a str,
    trace_id: Option<String>,
    request_id: Option<String>,
    user_id: Option<String>,
    message: String,
    metadata: Map<String, Value>,
}

fn line(service: &str, level: Level, fields: Fields) -> String {
    let level = match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    };
    let context = context::current();
    let line = Line {
        level,
        timestamp: SystemClock
            .now()
            .to_rfc3339_opts(SecondsFormat::Millis, true),
        service,
        trace_id: context.as_ref().map(|c| c.trace.trace_id_hex()),
        request_id: context.as_ref().map(|c| c.request_id.to_string()),
        user_id: context.as_ref().and_then(|c| c.user().map(str::to_owned)),
        message: fields.message,
        metadata: fields.metadata,
    };
    // Strings and plain values always have a JSON form.
    serde_json::to_string(&line).unwrap_or_default()
}

/// An event's fields: its message, and the rest as camelCase metadata.
#[derive(Default)]
struct Fields {
    message: String,
    metadata: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        // `log` records carry their origin in these; the service's name says enough.
        if !field.name().starts_with("log.") {
            self.metadata.insert(camel_case(field.name()), value);
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.put(field, format!("{value:?}").into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.put(field, value.into());
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

/// `order.id` and `duration_ms` are written as `orderId` and `durationMs`.
fn camel_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if c == '.' || c == '_' {
            upper = true;
        } else if upper {
            out.extend(c.to_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{Context, TraceParent};

    #[tokio::test]
    async fn a_line_has_the_required_shape_and_stays_one_line() {
        let context = Context::new("req_1", TraceParent::random(false));
        context.note_user("hash".to_owned());
        let fields = Fields {
            message: "two\nlines".into(),
            metadata: Map::from_iter([("orderId".to_owned(), "x".into())]),
        };
        let text = context
            .scope(async { line("auth", Level::INFO, fields) })
            .await;
        assert!(!text.contains('\n'));
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["level"], "info");
        assert_eq!(json["service"], "auth");
        assert_eq!(json["requestId"], "req_1");
        assert_eq!(json["userId"], "hash");
        assert_eq!(json["traceId"].as_str().unwrap().len(), 32);
        assert_eq!(json["metadata"]["orderId"], "x");
    }

    #[test]
    fn field_names_become_camel_case() {
        assert_eq!(camel_case("order.id"), "orderId");
        assert_eq!(camel_case("duration_ms"), "durationMs");
    }
}
