//! The operations port: `/livez`, `/readyz` (and `/healthz`), `/metrics`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::metrics::Metrics;

/// A check that takes longer counts as failed.
const CHECK_DEADLINE: Duration = Duration::from_secs(2);

type Check =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// What must hold before the process can serve. Cheap to clone.
#[derive(Clone, Default)]
pub struct Readiness {
    checks: Vec<(&'static str, Check)>,
    draining: Arc<AtomicBool>,
}

/// The answer of `/readyz`.
#[derive(Debug, Serialize)]
pub struct Report {
    /// `ready`, `not_ready` or `draining`.
    pub status: &'static str,
    /// Each check and, if it failed, why.
    pub checks: Vec<CheckReport>,
}

/// One line of a [`Report`].
#[derive(Debug, Serialize)]
pub struct CheckReport {
    /// What was checked.
    pub name: &'static str,
    /// Whether it holds.
    pub ok: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Readiness {
    /// Adds a check.
    #[must_use]
    pub fn check<F, Fut>(mut self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks
            .push((name, Arc::new(move || Box::pin(check()))));
        self
    }

    /// From now on the process is not ready: it is about to stop.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether the process is about to stop.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Runs every check.
    pub async fn report(&self) -> Report {
        let mut checks = Vec::with_capacity(self.checks.len());
        for (name, check) in &self.checks {
            let outcome = tokio::time::timeout(CHECK_DEADLINE, check())
                .await
                .unwrap_or_else(|_elapsed| Err("no answer in time".to_owned()));
            checks.push(CheckReport {
                name,
                ok: outcome.is_ok(),
                problem: outcome.err(),
            });
        }
        let status = if self.is_draining() {
            "draining"
        } else if checks.iter().all(|check| check.ok) {
            "ready"
        } else {
            "not_ready"
        };
        Report { status, checks }
    }
}

/// The routes of the operations port.
pub fn routes(readiness: Readiness, metrics: Metrics) -> impl Fn(&mut ServiceConfig) + Clone {
    move |config| {
        config
            .app_data(Data::new(readiness.clone()))
            .app_data(Data::new(metrics.clone()))
            .route("/livez", web::get().to(livez))
            .route("/readyz", web::get().to(readyz))
            .route("/healthz", web::get().to(readyz))
            .route("/metrics", web::get().to(prometheus));
    }
}

async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "alive" }))
}

async fn readyz(readiness: Data<Readiness>) -> HttpResponse {
    let report = readiness.report().await;
    let status = if report.status == "ready" {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(report)
}

async fn prometheus(metrics: Data<Metrics>) -> HttpResponse {
    match metrics.render() {
        Ok(text) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4"))
            .body(text),
        Err(error) => {
            tracing::error!(cause = %error, "the metrics could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_failing_check_is_enough() {
        let ready = Readiness::default().check("a", || async { Ok(()) });
        assert_eq!(ready.report().await.status, "ready");
        let not = ready.check("database", || async { Err("gone".to_owned()) });
        let report = not.report().await;
        assert_eq!(report.status, "not_ready");
        assert_eq!(report.checks[1].problem.as_deref(), Some("gone"));
    }

    #[tokio::test]
    async fn a_draining_process_is_not_ready() {
        let readiness = Readiness::default();
        readiness.drain();
        assert_eq!(readiness.report().await.status, "draining");
    }
}
