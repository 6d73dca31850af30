//! What is known about the request or message being handled: its ids, carried to logs, errors, outgoing calls and
//! outbox rows without every function passing them on.

use std::fmt::Write as _;
use std::future::Future;
use std::sync::{Arc, OnceLock};

use crate::ids;

/// The ids of one request or message.
#[derive(Debug, Clone)]
pub struct Context {
    /// `X-Request-ID`: the caller's if well formed, else made at the edge.
    pub request_id: Arc<str>,
    /// W3C trace context (<https://www.w3.org/TR/trace-context/>).
    pub trace: TraceParent,
    user: Arc<OnceLock<String>>,
}

tokio::task_local! {
    static CURRENT: Context;
}

impl Context {
    /// A context with the given ids, for a user not known yet.
    #[must_use]
    pub fn new(request_id: &str, trace: TraceParent) -> Self {
        Self {
            request_id: Arc::from(request_id),
            trace,
            user: Arc::default(),
        }
    }

    /// A context of its own for work that no request asked for, such as a timer.
    #[must_use]
    pub fn background() -> Self {
        Self::new(&ids::new_id().to_string(), TraceParent::random(false))
    }

    /// Runs `work` so that [`current`] finds this context in it.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// Runs `work` at once so that [`current`] finds this context in it.
    pub fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), work)
    }

    /// Notes who is calling, as the keyed hash that logs show; the first caller noted stays.
    pub fn note_user(&self, log_hash: String) {
        let _ = self.user.set(log_hash);
    }

    /// The keyed hash of the user, once known.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.get().map(String::as_str)
    }
}

/// The context of the request or message being handled; `None` outside of any.
#[must_use]
pub fn current() -> Option<Context> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Calls `read` with the current context, without cloning it.
pub fn with_current<T>(read: impl FnOnce(&Context) -> T) -> Option<T> {
    CURRENT.try_with(read).ok()
}

/// Whether a caller's `X-Request-ID` is kept: 1 to 128 of `[A-Za-z0-9._-]`.
#[must_use]
pub fn is_request_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// The identifying part of a W3C `traceparent` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// Same for all work done for one request, across processes.
    pub trace_id: u128,
    /// The span that is the parent of what comes next.
    pub span_id: u64,
    /// Whether the trace is recorded.
    pub sampled: bool,
}

impl TraceParent {
    /// A fresh trace with random, non-zero ids.
    #[must_use]
    pub fn random(sampled: bool) -> Self {
        Self {
            trace_id: rand::random::<u128>().max(1),
            span_id: rand::random::<u64>().max(1),
            sampled,
        }
    }

    /// Reads a header value of version 00 (later versions are read as 00, as the specification asks); `None` if malformed.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.trim().split('-');
        let (version, trace, span, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let lower_hex = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        if version.len() != 2 || version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        if trace.len() != 32 || span.len() != 16 || flags.len() != 2 {
            return None;
        }
        if ![version, trace, span, flags].into_iter().all(lower_hex) {
            return None;
        }
        let parsed = Self {
            trace_id: u128::from_str_radix(trace, 16).ok()?,
            span_id: u64::from_str_radix(span, 16).ok()?,
            sampled: u8::from_str_radix(flags, 16).ok()? & 1 == 1,
        };
        (parsed.trace_id != 0 && parsed.span_id != 0).then_some(parsed)
    }

    /// The header value that makes the next process a child of this span.
    #[must_use]
    pub fn header(&self) -> String {
        let mut out = String::with_capacity(55);
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace_id,
            self.span_id,
            u8::from(self.sampled)
        );
        out
    }

    /// The trace id as 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn trace_id_hex(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC_EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_example_of_the_specification_survives_a_round_trip() {
        let parsed = TraceParent::parse(SPEC_EXAMPLE).unwrap();
        assert!(parsed.sampled);
        assert_eq!(parsed.header(), SPEC_EXAMPLE);
    }

    #[test]
    fn malformed_trace_parents_are_refused() {
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn request_ids_with_line_breaks_or_spaces_are_not_kept() {
        assert!(is_request_id("0199-abc.DEF_1"));
        for bad in ["", "a b", "a\r\nb", "ä", &"x".repeat(129)] {
            assert!(!is_request_id(bad), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn the_first_user_noted_stays() {
        let context = Context::background();
        context
            .scope(async {
                with_current(|c| c.note_user("first".into()));
                with_current(|c| c.note_user("second".into()));
                assert_eq!(current().unwrap().user(), Some("first"));
            })
            .await;
        assert!(current().is_none());
    }
}
