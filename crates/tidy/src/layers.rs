//! What the layers of a service may name: `http/` translates, `app/` holds the transactions,
//! `domain/` decides and knows nobody, `store/` holds the SQL.

use crate::Finding;
use crate::code::{lines_naming, without_comments_and_literals};
use crate::tree::Tree;

/// Words that `domain/` does not say. The domain decides from values alone: time, ids, randomness
/// and stored rows are handed in, so that every decision can be tested as a table.
const IMPURE: [&str; 19] = [
    "actix_http",
    "actix_web",
    "awc",
    "diesel",
    "diesel_async",
    "lapin",
    "rand",
    "redis",
    "reqwest",
    "tokio",
    "tokio_postgres",
    "async",
    "await",
    "Instant::now",
    "SystemTime::now",
    "Utc::now",
    "Local::now",
    "SystemRandom",
    "StatusCode",
];

/// Words that `store/` does not say: a row knows nothing of the request that asked for it.
const WEB: [&str; 7] = [
    "actix_web",
    "actix_http",
    "awc",
    "reqwest",
    "HttpRequest",
    "HttpResponse",
    "StatusCode",
];

/// Where transactions begin and end: in use cases, whether a request (`app/`), an event
/// (`consumers/`) or an operator's command (`keys/`, `seed/`) started them.
const USE_CASES: [&str; 4] = ["app", "consumers", "keys", "seed"];

/// The gateway is all edge: it has neither domain nor store, and status codes are its business.
const ALL_EDGE: [&str; 1] = ["gateway"];

/// Applies the layer rules to every file of every service.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in tree.services() {
        let source = format!("services/{service}/src/");
        for (path, text) in tree
            .folder(&source)
            .filter(|(path, _)| path.ends_with(".rs"))
        {
            let inside = path.strip_prefix(&source).unwrap_or(path);
            let layer = inside.split_once('/').map_or("", |(folder, _)| folder);
            let code = without_comments_and_literals(text);
            findings.extend(check_file(&File {
                service,
                path,
                layer,
                code: &code,
            }));
        }
    }
    findings
}

struct File<'a> {
    service: &'a str,
    path: &'a str,
    /// The first folder below `src/`, empty for a file of `src/` itself.
    layer: &'a str,
    code: &'a str,
}

fn check_file(file: &File<'_>) -> Vec<Finding> {
    let mut findings = match file.layer {
        "domain" => file.must_not_name(&IMPURE, "domain/ is pure; hand the value in instead"),
        "store" => file.must_not_name(&WEB, "store/ knows no HTTP; translate in http/"),
        _ => Vec::new(),
    };
    if !USE_CASES.contains(&file.layer) {
        findings.extend(file.must_not_contain(
            ".transaction(",
            "transactions begin and end in use cases (app/), nowhere else",
        ));
    }
    if file.layer != "http" && !ALL_EDGE.contains(&file.service) {
        findings.extend(file.must_not_name(&["StatusCode"], "only http/ decides on status codes"));
    }
    findings.sort();
    findings.dedup_by(|a, b| a.place == b.place);
    findings
}

impl File<'_> {
    fn must_not_name(&self, words: &[&str], rule: &str) -> Vec<Finding> {
        words
            .iter()
            .flat_map(|word| {
                lines_naming(self.code, word).into_iter().map(move |line| {
                    Finding::new(format!("{}:{line}", self.path), format!("`{word}`: {rule}"))
                })
            })
            .collect()
    }

    fn must_not_contain(&self, needle: &str, rule: &str) -> Vec<Finding> {
        (1..)
            .zip(self.code.lines())
            .filter(|(_, line)| line.contains(needle))
            .map(|(line, _)| {
                let line: usize = line;
                Finding::new(
                    format!("{}:{line}", self.path),
                    format!("`{needle}`: {rule}"),
                )
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings_in(path: &str, text: &str) -> Vec<Finding> {
        let service = path.split('/').nth(1).unwrap();
        check(&Tree::of([
            (&format!("services/{service}/Cargo.toml"), ""),
            (path, text),
        ]))
    }

    #[test]
    fn a_domain_that_reaches_out_is_found() {
        for text in [
            "use actix_web::web;",
            "use diesel::prelude::*;",
            "use tokio::time;",
            "let c = reqwest::Client::builder();",
            "use redis::Client;",
            "use lapin::Channel;",
            "pub async fn decide() {}",
            "let now = Utc::now();",
            "let n = rand::random::<u8>();",
        ] {
            let found = findings_in("services/orders/src/domain/order.rs", text);
            assert_eq!(found.len(), 1, "{text:?}: {found:?}");
        }
    }

    #[test]
    fn a_pure_domain_passes() {
        let text = "/// Unlike tokio's, this clock is handed in.\npub fn place(now: Timestamp) {}";
        assert_eq!(findings_in("services/orders/src/domain/order.rs", text), []);
    }

    #[test]
    fn a_transaction_outside_app_is_found() {
        let text = "conn\n    .transaction(async |conn| work(conn).await)\n";
        let found = findings_in("services/orders/src/store/orders.rs", text);
        assert_eq!(
            found.first().unwrap().place,
            "services/orders/src/store/orders.rs:2"
        );
        assert_eq!(
            findings_in("services/orders/src/app/place_order.rs", text),
            []
        );
    }

    #[test]
    fn a_status_code_outside_http_is_found() {
        let text = "fn status() -> StatusCode { StatusCode::CONFLICT }";
        assert_eq!(
            findings_in("services/orders/src/app/error.rs", text).len(),
            1
        );
        assert_eq!(findings_in("services/orders/src/startup.rs", text).len(), 1);
        assert_eq!(findings_in("services/orders/src/http/error.rs", text), []);
        assert_eq!(findings_in("services/gateway/src/proxy.rs", text), []);
    }

    #[test]
    fn a_store_that_answers_requests_is_found() {
        let text = "fn row() -> HttpResponse { todo() }";
        assert_eq!(
            findings_in("services/orders/src/store/rows.rs", text).len(),
            1
        );
    }
}
