//! Tokens that must not be believed. The services check again; the gateway refuses first.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::clock::{Clock as _, SystemClock};
use serde_json::json;
use test_support::http::assert_envelope;
use test_support::tokens::{Token, ed25519_key, other_rsa_key, rsa_key};
use uuid::Uuid;

use crate::app::{TestGateway, claims, customer_token, json, rand_id};

fn good() -> Token {
    claims(Uuid::from_u128(rand_id()), "customer")
}

/// Asserts that every token is refused with 401 in the envelope and never reaches a service.
async fn assert_refused(gateway: &TestGateway, tokens: Vec<(String, String)>) {
    for (name, token) in tokens {
        let started = Instant::now();
        let request = format!(
            "GET /api/v1/auth/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        let answer = gateway.raw(&request).await;
        if token.len() > 30_000 {
            assert_eq!(answer.status(), 431, "{name}");
            continue;
        }
        assert_envelope(
            answer.status(),
            (401, "AUTHENTICATION_ERROR"),
            &answer.json(),
        );
        assert_eq!(
            answer.header("www-authenticate").as_deref(),
            Some("Bearer"),
            "{name}"
        );
        assert!(
            started.elapsed() < Duration::from_secs(1),
            "{name} took {:?}",
            started.elapsed()
        );
        assert!(
            gateway.services.seen().is_empty(),
            "{name} reached a service"
        );
    }
}

fn named(name: &str, token: String) -> (String, String) {
    (name.to_owned(), token)
}

#[tokio::test]
async fn a_good_token_passes_in_any_case_of_the_scheme() {
    let gateway = TestGateway::start().await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let value = format!("{scheme} {}", customer_token());
        let answer = gateway
            .get("/api/v1/auth/me")
            .header("authorization", value)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{scheme}");
    }
    let without = gateway.get("/api/v1/auth/me").send().await.unwrap();
    assert_eq!(without.status(), 200, "without a token the service decides");
}

#[tokio::test]
async fn algorithms_other_than_rs256_are_refused() {
    let gateway = TestGateway::start().await;
    let mut tokens = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        tokens.push(named(alg, good().header("alg", alg).unsigned()));
        tokens.push(named(alg, good().header("alg", alg).rs256(rsa_key())));
    }
    for alg in [json!(null), json!(0), json!(["RS256"])] {
        tokens.push(named(
            &alg.to_string(),
            good().header("alg", alg.clone()).rs256(rsa_key()),
        ));
    }
    let raw = format!(r#"{{"typ":"at+jwt","kid":"{}"}}"#, rsa_key().kid());
    tokens.push(named("no alg", good().raw_header(raw).rs256(rsa_key())));
    let pem = rsa_key().public_pem();
    let secrets: Vec<(&str, Vec<u8>)> = vec![
        ("PEM", pem.clone().into_bytes()),
        ("PEM without line end", pem.trim_end().as_bytes().to_vec()),
        ("PKCS#1", rsa_key().public_pkcs1_der()),
        ("SPKI", rsa_key().public_spki_der()),
        ("modulus", rsa_key().modulus()),
        ("empty", Vec::new()),
        ("secret", b"secret".to_vec()),
        ("zeros", vec![0; 32]),
    ];
    for (name, secret) in secrets {
        tokens.push(named(name, good().hs256(&secret)));
        tokens.push(named(name, good().hs384(&secret)));
        tokens.push(named(name, good().hs512(&secret)));
        tokens.push(named(name, good().header("alg", "RS256").hs256(&secret)));
    }
    tokens.push(named("RS384", good().rs384(rsa_key())));
    tokens.push(named("RS512", good().rs512(rsa_key())));
    tokens.push(named("PS256", good().ps256(rsa_key())));
    tokens.push(named("EdDSA", good().eddsa(ed25519_key())));
    tokens.push(named("ES256", good().with_signature("ES256", &[1; 64])));
    tokens.push(named("another key", good().rs256(other_rsa_key())));
    tokens.push(named("no signature", good().with_signature("RS256", b"")));
    assert_refused(&gateway, tokens).await;
}

#[tokio::test]
async fn key_ids_are_names_and_nothing_else() {
    let gateway = TestGateway::start().await;
    let before = gateway.services.key_fetches();
    let mut tokens = Vec::new();
    let long = "k".repeat(10_000);
    for kid in [
        "unknown",
        "../../../../dev/null",
        "/proc/self/environ",
        "' OR 1=1--",
        "http://127.0.0.1/x",
        "a\u{0}b",
        "",
        long.as_str(),
    ] {
        let name: String = kid.chars().take(20).collect();
        tokens.push(named(&name, good().header("kid", kid).rs256(rsa_key())));
    }
    for kid in [json!(["a"]), json!(7), json!(null), json!({})] {
        tokens.push(named(
            &kid.to_string(),
            good().header("kid", kid.clone()).rs256(rsa_key()),
        ));
    }
    tokens.push(named(
        "absent",
        good().without_header("kid").rs256(rsa_key()),
    ));
    assert_refused(&gateway, tokens).await;
    assert!(
        gateway.services.key_fetches() <= before + 1,
        "invented ids cause one fetch in ten seconds"
    );
}

#[tokio::test]
async fn keys_in_the_token_are_not_looked_at() {
    let gateway = TestGateway::start().await;
    let canary = TcpListener::bind("127.0.0.1:0").unwrap();
    canary.set_nonblocking(true).unwrap();
    let url = format!("http://{}/jwks.json", canary.local_addr().unwrap());
    let own = other_rsa_key();
    let tokens = vec![
        named("jwk", good().header("jwk", own.jwk()).rs256(own)),
        named(
            "jwk and kid",
            good()
                .header("jwk", own.jwk())
                .header("kid", own.kid())
                .rs256(own),
        ),
        named("jku", good().header("jku", url.as_str()).rs256(own)),
        named("x5u", good().header("x5u", url.as_str()).rs256(own)),
        named("x5c", good().header("x5c", json!(["MIIB"])).rs256(own)),
        named(
            "crit exp",
            good().header("crit", json!(["exp"])).rs256(rsa_key()),
        ),
        named(
            "crit b64",
            good()
                .header("crit", json!(["b64"]))
                .header("b64", false)
                .rs256(rsa_key()),
        ),
    ];
    assert_refused(&gateway, tokens).await;
    assert!(canary.accept().is_err(), "the token's URL was called");
}

#[tokio::test]
async fn claims_must_be_there_in_time_and_of_their_type() {
    let gateway = TestGateway::start().await;
    let now = SystemClock.now().timestamp();
    let mut tokens = vec![
        named(
            "expired",
            good()
                .claim("exp", now - 61)
                .claim("iat", now - 900)
                .rs256(rsa_key()),
        ),
        named("not yet", good().claim("nbf", now + 120).rs256(rsa_key())),
        named(
            "from the future",
            good().claim("iat", now + 3600).rs256(rsa_key()),
        ),
        named("issuer", good().claim("iss", "evil").rs256(rsa_key())),
        named(
            "issuers",
            good().claim("iss", json!(["agape"])).rs256(rsa_key()),
        ),
        named(
            "staging",
            good().claim("iss", "agape-staging").rs256(rsa_key()),
        ),
        named("audience", good().claim("aud", "other").rs256(rsa_key())),
        named(
            "audiences",
            good()
                .claim("aud", json!(["agape-api", "other"]))
                .rs256(rsa_key()),
        ),
        named("empty subject", good().claim("sub", "").rs256(rsa_key())),
        named(
            "subject",
            good().claim("sub", "not-a-uuid").rs256(rsa_key()),
        ),
        named(
            "roles",
            good()
                .claim("role", json!(["customer", "admin"]))
                .rs256(rsa_key()),
        ),
        named("Admin", good().claim("role", "Admin").rs256(rsa_key())),
        named(
            "refresh token",
            good().header("typ", "rt+jwt").rs256(rsa_key()),
        ),
        named(
            "service token",
            good().header("typ", "svc+jwt").rs256(rsa_key()),
        ),
        named("plain JWT", good().header("typ", "JWT").rs256(rsa_key())),
        named("no type", good().without_header("typ").rs256(rsa_key())),
    ];
    for claim in [
        "sub", "sid", "role", "mfa", "iss", "aud", "iat", "nbf", "exp", "jti",
    ] {
        tokens.push(named(claim, good().without_claim(claim).rs256(rsa_key())));
    }
    for claim in ["exp", "nbf", "iat"] {
        for value in [
            json!("9999999999"),
            json!(-1.5),
            json!(true),
            json!(null),
            json!([1]),
            json!({}),
        ] {
            tokens.push(named(
                &format!("{claim}={value}"),
                good().claim(claim, value.clone()).rs256(rsa_key()),
            ));
        }
    }
    let text = claims_text(now);
    for (name, from, to) in [
        (
            "exp 1e400",
            format!("\"exp\":{}", now + 900),
            "\"exp\":1e400".to_owned(),
        ),
        (
            "exp 2^63",
            format!("\"exp\":{}", now + 900),
            "\"exp\":9223372036854775808".to_owned(),
        ),
        (
            "exp -1",
            format!("\"exp\":{}", now + 900),
            "\"exp\":-1".to_owned(),
        ),
        (
            "two subjects",
            "\"mfa\"".to_owned(),
            format!("\"sub\":\"{}\",\"mfa\"", Uuid::from_u128(rand_id())),
        ),
        (
            "two roles",
            "\"mfa\"".to_owned(),
            "\"role\":\"admin\",\"mfa\"".to_owned(),
        ),
    ] {
        tokens.push(named(
            name,
            good().raw_claims(text.replace(&from, &to)).rs256(rsa_key()),
        ));
    }
    assert_refused(&gateway, tokens).await;
}

fn claims_text(now: i64) -> String {
    let id = || Uuid::from_u128(rand_id());
    format!(
        r#"{{"sub":"{}","sid":"{}","role":"customer","mfa":false,"iss":"agape","aud":"agape-api","iat":{now},"nbf":{now},"exp":{},"jti":"{}"}}"#,
        id(),
        id(),
        now + 900,
        id()
    )
}

#[tokio::test]
async fn a_token_has_one_spelling() {
    let gateway = TestGateway::start().await;
    let token = customer_token();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let mut edited = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let at = edited
        .windows(8)
        .position(|window| window == b"customer")
        .unwrap();
    edited.splice(at..at + 8, *b"admin");
    let edited = URL_SAFE_NO_PAD.encode(edited);
    let mut tokens = vec![
        named("padding", format!("{token}==")),
        named("edited role", format!("{header}.{edited}.{signature}")),
        named("two parts", signed.to_owned()),
        named("four parts", format!("{token}.e30")),
        named(
            "five parts",
            format!("{header}..{claims}.{signature}.{signature}"),
        ),
        named("empty parts", "..".to_owned()),
        named("one word", "token".to_owned()),
        named("a list", format!("{token}, Bearer {token}")),
        named("a space", format!("{header}. {claims}.{signature}")),
        named("a megabyte", "a".repeat(1 << 20)),
    ];
    // The last character of 256 bytes in base64 carries two spare bits.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet.find(token.chars().last().unwrap()).unwrap();
    let other = &alphabet[last ^ 1..=last ^ 1];
    tokens.push(named(
        "spare bits",
        format!("{}{other}", &token[..token.len() - 1]),
    ));
    assert_refused(&gateway, tokens).await;
}

#[tokio::test]
async fn one_header_is_the_only_place_for_a_token() {
    let gateway = TestGateway::start().await;
    let token = customer_token();
    for headers in [
        format!("Authorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\n"),
        format!("Authorization: Bearer {token}\r\nAuthorization: Basic YTpi\r\n"),
        "Authorization: Basic YTpi\r\n".to_owned(),
        "Authorization: Bearer\r\n".to_owned(),
        "Authorization: \r\n".to_owned(),
    ] {
        let answer = gateway
            .raw(format!(
                "GET /api/v1/auth/me HTTP/1.1\r\nHost: a\r\n{headers}Connection: close\r\n\r\n"
            ))
            .await;
        assert_envelope(
            answer.status(),
            (401, "AUTHENTICATION_ERROR"),
            &answer.json(),
        );
    }
    let query = gateway
        .get(&format!("/api/v1/auth/me?access_token={token}"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        query.status(),
        200,
        "a token elsewhere is no token: the service decides"
    );
    assert_eq!(gateway.services.last_seen().header("authorization"), None);
}

#[tokio::test]
async fn a_revoked_session_is_refused_soon_even_if_its_token_was_seen() {
    let gateway = TestGateway::start().await;
    let session = Uuid::from_u128(rand_id());
    let token = good().claim("sid", session.to_string()).rs256(rsa_key());
    let ask = async || {
        gateway
            .get("/api/v1/auth/me")
            .bearer_auth(&token)
            .send()
            .await
            .unwrap()
    };
    assert_eq!(ask().await.status(), 200);
    gateway.services.revoke(session);
    let started = Instant::now();
    while ask().await.status() == 200 {
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "the session still lives"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let answer = ask().await;
    assert_envelope(
        answer.status().as_u16(),
        (401, "AUTHENTICATION_ERROR"),
        &json(answer).await,
    );
}

#[tokio::test]
async fn the_next_key_is_known_when_it_is_first_used() {
    let gateway = TestGateway::start().await;
    gateway
        .services
        .set_keys(vec![rsa_key().jwk(), other_rsa_key().jwk()]);
    let token = good()
        .header("kid", other_rsa_key().kid())
        .rs256(other_rsa_key());
    let answer = gateway
        .get("/api/v1/auth/me")
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let old = gateway
        .get("/api/v1/auth/me")
        .bearer_auth(customer_token())
        .send()
        .await
        .unwrap();
    assert_eq!(old.status(), 200);
}
