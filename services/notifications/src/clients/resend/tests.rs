use super::*;

fn meaning(status: u16, body: &str) -> &'static str {
    match understand(status, None, body.as_bytes()) {
        Answer::Taken { .. } => "taken",
        Answer::Held(hold, _) => hold.name(),
        Answer::Refused(_) => "refused",
        Answer::Unknown(_) => "unknown",
    }
}

fn named(name: &str) -> String {
    format!(r#"{{"statusCode":0,"name":"{name}","message":"Something about it"}}"#)
}

#[test]
fn every_answer_of_the_provider_has_a_meaning() {
    let table = [
        (429, "rate_limit_exceeded", "rate"),
        (429, "daily_quota_exceeded", "quota"),
        (429, "monthly_quota_exceeded", "quota"),
        (403, "email_above_quota", "quota"),
        (409, "concurrent_idempotent_requests", "unknown"),
        (409, "resource_locked", "unknown"),
        (409, "invalid_idempotent_request", "refused"),
        (400, "invalid_idempotency_key", "refused"),
        (400, "validation_error", "refused"),
        (422, "missing_required_field", "refused"),
        (422, "invalid_parameter", "refused"),
        (422, "a_name_of_next_year", "refused"),
        (422, "invalid_from_address", "operator"),
        (401, "missing_api_key", "operator"),
        (401, "restricted_api_key", "operator"),
        (403, "invalid_api_key", "operator"),
        (403, "validation_error", "operator"),
        (403, "suspended_api_key", "operator"),
        (404, "not_found", "operator"),
        (405, "method_not_allowed", "operator"),
        (451, "security_error", "operator"),
        (500, "application_error", "unknown"),
        (503, "service_unavailable", "unknown"),
        (599, "a_name_of_next_year", "unknown"),
    ];
    for (status, name, expected) in table {
        assert_eq!(meaning(status, &named(name)), expected, "{status} {name}");
    }
}

#[test]
fn an_answer_that_is_no_json_says_nothing_about_the_mail() {
    for status in [400, 404, 422, 502, 503] {
        assert_eq!(meaning(status, "<html>Bad gateway</html>"), "unknown");
    }
    assert_eq!(meaning(429, "slow down"), "rate");
    // What the provider's edge says to a request without a user agent.
    assert_eq!(meaning(403, "error code: 1010"), "operator");
    assert_eq!(meaning(302, ""), "unknown");
}

#[test]
fn only_an_id_is_a_proof() {
    assert_eq!(
        meaning(200, r#"{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}"#),
        "taken"
    );
    assert_eq!(meaning(201, r#"{"id":"x","more":1}"#), "taken");
    for bad in ["", "{}", r#"{"id":""}"#, r#"{"id":1}"#, "<html>"] {
        assert_eq!(meaning(200, bad), "unknown", "{bad}");
    }
}

#[test]
fn what_is_kept_of_a_refusal_names_nobody() {
    let refusal = Refusal {
        name: "validation_error".to_owned(),
        message: "Invalid `to` field: ada@example.com is\nnot <ada@example.com> valid".to_owned(),
    };
    assert_eq!(
        explain(422, &refusal),
        "422 validation_error: Invalid `to` field: *** is not *** valid"
    );
}

#[test]
fn a_used_up_second_is_waited_for() {
    let headers = |pairs: &[(&'static str, &'static str)]| {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect::<HeaderMap>()
    };
    let left = headers(&[("ratelimit-remaining", "1"), ("ratelimit-reset", "9")]);
    assert_eq!(quiet_for(&left), None);
    let none_left = headers(&[("ratelimit-remaining", "0"), ("ratelimit-reset", "9")]);
    assert_eq!(quiet_for(&none_left), Some(Duration::from_secs(9)));
    assert_eq!(quiet_for(&headers(&[("ratelimit-remaining", "0")])), None);
}
