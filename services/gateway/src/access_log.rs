//! One line for each request, written when its answer's last byte is handed over. No other service writes one.

use std::time::Instant;

use actix_web::http::Method;
use common::context::{self, Context};

/// The status of a request that ended without an answer, as other proxies write it.
const CLIENT_GONE: u16 = 499;

/// The line of one request; it writes itself when dropped.
pub struct AccessLine {
    kept: Option<Box<Kept>>,
}

struct Kept {
    context: Option<Context>,
    started: Instant,
    method: Method,
    route: &'static str,
    status: u16,
    bytes: u64,
}

impl AccessLine {
    /// No line.
    #[must_use]
    pub fn none() -> Self {
        Self { kept: None }
    }

    /// The line of a request that begins now.
    #[must_use]
    pub fn begin(method: Method) -> Self {
        let kept = Kept {
            context: context::current(),
            started: Instant::now(),
            method,
            route: "unmatched",
            status: CLIENT_GONE,
            bytes: 0,
        };
        Self {
            kept: Some(Box::new(kept)),
        }
    }

    /// Notes the row of the route table that matched.
    pub fn route(&mut self, route: &'static str) {
        if let Some(kept) = &mut self.kept {
            kept.route = route;
        }
    }

    /// Notes the answer's status.
    pub fn status(&mut self, status: u16) {
        if let Some(kept) = &mut self.kept {
            kept.status = status;
        }
    }

    /// Counts bytes of the answer's body.
    pub fn count(&mut self, bytes: u64) {
        if let Some(kept) = &mut self.kept {
            kept.bytes += bytes;
        }
    }
}

impl Drop for AccessLine {
    fn drop(&mut self) {
        let Some(kept) = self.kept.take() else { return };
        let write = || {
            tracing::info!(
                target: "access",
                method = kept.method.as_str(),
                route = kept.route,
                status = kept.status,
                duration_ms = (kept.started.elapsed().as_secs_f64() * 1e6).round() / 1e3,
                bytes = kept.bytes,
                "request",
            );
        };
        match &kept.context {
            // The body outlives the request's own scope, and its line still carries the request's ids.
            Some(context) => context.enter(write),
            None => write(),
        }
    }
}
