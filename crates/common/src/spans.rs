//! Where `tracing`'s spans meet the trace context that travels in headers.

use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::context::TraceParent;

/// Whether traces leave the process; without a collector no span is made at all.
static RECORDED: AtomicBool = AtomicBool::new(false);

/// Whether it is worth making spans.
#[must_use]
pub fn are_recorded() -> bool {
    RECORDED.load(Ordering::Relaxed)
}

pub(crate) fn record(on: bool) {
    RECORDED.store(on, Ordering::Relaxed);
}

/// Makes a new span continue the trace of whoever caused it.
pub fn continue_from(span: &Span, caller: TraceParent) {
    let parent = opentelemetry::Context::new().with_remote_span_context(remote(caller));
    // Fails only when no trace layer is installed, and then there is nothing to connect.
    let _ = span.set_parent(parent);
}

/// The span's own place in its trace, for whomever is called from it; `None` if it is not recorded.
#[must_use]
pub fn place_of(span: &Span) -> Option<TraceParent> {
    let own = span.context();
    let own = own.span().span_context().clone();
    own.is_valid().then(|| TraceParent {
        trace_id: u128::from_be_bytes(own.trace_id().to_bytes()),
        span_id: u64::from_be_bytes(own.span_id().to_bytes()),
        sampled: own.is_sampled(),
    })
}

fn remote(trace: TraceParent) -> SpanContext {
    SpanContext::new(
        TraceId::from_bytes(trace.trace_id.to_be_bytes()),
        SpanId::from_bytes(trace.span_id.to_be_bytes()),
        if trace.sampled {
            TraceFlags::SAMPLED
        } else {
            TraceFlags::default()
        },
        true,
        TraceState::default(),
    )
}
