//! Access tokens that must not be accepted.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::Clock as _;
use serde_json::{Value, json};
use test_support::tokens::{ed25519_key, other_rsa_key, rsa_key};

use crate::app::{Ask as _, Person, TestApp, forged_for, service_token};

async fn with_ada() -> (TestApp, Person, i64) {
    let app = TestApp::start().await;
    let ada = app.register("ada@example.com").await;
    let now = app.clock.now().timestamp();
    (app, ada, now)
}

async fn assert_refused(app: &TestApp, tokens: impl IntoIterator<Item = (String, String)>) {
    for (what, token) in tokens {
        let Ok(value) = reqwest::header::HeaderValue::from_str(&format!("Bearer {token}")) else {
            continue;
        };
        let reply = app
            .get("/api/v1/auth/me")
            .header("Authorization", value)
            .reply()
            .await;
        assert_eq!(reply.status, 401, "{what}: {}", reply.body);
        reply.assert_error(401, "AUTHENTICATION_ERROR");
        assert_eq!(reply.headers["www-authenticate"], "Bearer", "{what}");
    }
}

#[tokio::test]
async fn a_token_signed_with_a_published_key_is_accepted() {
    let (app, ada, now) = with_ada().await;
    assert_eq!(
        app.me(&forged_for(&ada, now).rs256(rsa_key())).await,
        200,
        "else the rest proves nothing"
    );
}

#[tokio::test]
async fn no_other_algorithm_is_accepted() {
    let (app, ada, now) = with_ada().await;
    let token = || forged_for(&ada, now);
    let mut cases = Vec::new();
    for alg in [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!(""),
        Value::Null,
        json!(0),
    ] {
        cases.push((
            format!("alg {alg}, no signature"),
            token().header("alg", alg.clone()).unsigned(),
        ));
        let kept = token().header("alg", alg.clone()).rs256(rsa_key());
        cases.push((format!("alg {alg}, signature kept"), kept));
    }
    let key = rsa_key();
    let pem = key.public_pem();
    for (name, secret) in [
        ("PEM", pem.clone().into_bytes()),
        ("PEM without line break", pem.trim_end().as_bytes().to_vec()),
        ("SPKI", key.public_spki_der()),
        ("PKCS#1", key.public_pkcs1_der()),
        ("n", key.modulus()),
        ("empty", Vec::new()),
        ("secret", b"secret".to_vec()),
        ("zeros", vec![0; 32]),
    ] {
        cases.push((format!("HS256 with {name}"), token().hs256(&secret)));
        cases.push((format!("HS384 with {name}"), token().hs384(&secret)));
        cases.push((format!("HS512 with {name}"), token().hs512(&secret)));
    }
    cases.push(("RS384".into(), token().rs384(key)));
    cases.push(("RS512".into(), token().rs512(key)));
    cases.push(("PS256".into(), token().ps256(key)));
    cases.push(("EdDSA".into(), token().eddsa(ed25519_key())));
    cases.push((
        "another RSA key under our kid".into(),
        token().rs256(other_rsa_key()),
    ));
    assert_refused(&app, cases).await;
}

#[tokio::test]
async fn no_other_header_is_accepted() {
    let (app, ada, now) = with_ada().await;
    let token = || forged_for(&ada, now);
    let key = rsa_key();
    let mut cases = Vec::new();
    for kid in [
        json!("unknown"),
        json!("../../../../dev/null"),
        json!("/proc/self/environ"),
        json!("' OR 1=1--"),
        json!("http://127.0.0.1/x"),
        json!("x".repeat(10_000)),
        json!("\u{0}"),
        json!([key.kid()]),
        json!(7),
        Value::Null,
    ] {
        cases.push((
            format!("kid {kid:.40}"),
            token().header("kid", kid).rs256(key),
        ));
    }
    cases.push(("no kid".into(), token().without_header("kid").rs256(key)));
    for (name, value) in [
        ("jwk", other_rsa_key().jwk()),
        ("jku", json!("http://127.0.0.1:9/jwks.json")),
        ("x5u", json!("http://127.0.0.1:9/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("cty", json!("JWT")),
    ] {
        cases.push((name.into(), token().header(name, value.clone()).rs256(key)));
        cases.push((
            format!("{name}, own key"),
            token().header(name, value).rs256(other_rsa_key()),
        ));
    }
    for typ in [json!("JWT"), json!("svc+jwt"), json!("AT+JWT"), Value::Null] {
        cases.push((format!("typ {typ}"), token().header("typ", typ).rs256(key)));
    }
    cases.push(("no typ".into(), token().without_header("typ").rs256(key)));
    assert_refused(&app, cases).await;
}

#[tokio::test]
async fn claims_must_all_be_there_and_right() {
    let (app, ada, now) = with_ada().await;
    let key = rsa_key();
    let token = || forged_for(&ada, now);
    let with = |name: &str, value: Value| token().claim(name, value).rs256(key);
    let mut cases = Vec::new();
    for name in [
        "sub", "sid", "role", "mfa", "iss", "aud", "iat", "nbf", "exp", "jti",
    ] {
        cases.push((format!("no {name}"), token().without_claim(name).rs256(key)));
        for value in [Value::Null, json!([]), json!({}), json!("")] {
            cases.push((format!("{name} {value}"), with(name, value)));
        }
    }
    for (name, value) in [
        ("exp", json!(now - 61)),
        ("exp", json!(now - 901)),
        ("exp", json!("9999999999")),
        ("exp", json!(-1)),
        ("exp", json!(true)),
        ("exp", json!([now + 900])),
        ("exp", json!(i64::MAX)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(f64::MAX)),
        ("exp", json!(now + 100 * 365 * 86_400)),
        ("nbf", json!(now + 61)),
        ("nbf", json!("9999999999")),
        ("iat", json!(now + 3_600)),
        ("iat", json!(i64::MIN)),
        ("iss", json!("evil")),
        ("iss", json!(["agape"])),
        ("iss", json!("agape ")),
        ("iss", json!("agape-staging")),
        ("aud", json!("orders")),
        ("aud", json!(["agape-api", "orders"])),
        ("aud", json!(["agape-api"])),
        ("sub", json!("1")),
        ("sub", json!("00000000-0000-0000-0000-000000000000")),
        ("sub", json!("' OR 1=1--")),
        ("sid", json!("x")),
        ("role", json!("Admin")),
        ("role", json!("root")),
        ("role", json!(["customer", "admin"])),
        ("mfa", json!("true")),
        ("mfa", json!(1)),
    ] {
        cases.push((format!("{name} {value}"), with(name, value)));
    }
    let claims = |exp: &str| {
        format!(
            r#"{{"sub":"{0}","sid":"{0}","role":"customer","mfa":false,"iss":"agape","aud":"agape-api","iat":{now},"nbf":{now},"exp":{exp},"jti":"{0}"}}"#,
            ada.id
        )
    };
    cases.push((
        "exp 1e400".into(),
        token().raw_claims(claims("1e400")).rs256(key),
    ));
    let twice = claims(&(now + 900).to_string()).replacen(
        '{',
        r#"{"sub":"0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f","#,
        1,
    );
    cases.push(("sub twice".into(), token().raw_claims(twice).rs256(key)));
    assert_refused(&app, cases).await;
}

#[tokio::test]
async fn a_token_has_one_spelling() {
    let (app, ada, now) = with_ada().await;
    let good = forged_for(&ada, now).rs256(rsa_key());
    let parts: Vec<&str> = good.split('.').collect();
    let edited = {
        let claims = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
        let text = String::from_utf8(claims)
            .unwrap()
            .replace("customer", "admin");
        format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(text), parts[2])
    };
    let mut last_changed = good.clone().into_bytes();
    let last = last_changed.last_mut().unwrap();
    *last = if *last == b'A' { b'B' } else { *last + 1 };
    let cases = [
        ("role edited", edited),
        ("padded", format!("{good}=")),
        (
            "last character changed",
            String::from_utf8(last_changed).unwrap(),
        ),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{good}.x")),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("space inside", good.replace('.', ". ")),
        (
            "standard alphabet",
            format!(
                "{}.{}.{}",
                parts[0],
                parts[1],
                parts[2].replace('-', "+").replace('_', "/")
            ) + "+",
        ),
        (
            "five parts, as encrypted tokens have",
            "a.b.c.d.e".to_owned(),
        ),
        ("long", "x".repeat(30_000)),
        (
            "long parts",
            format!(
                "{}.{}.{}",
                "a".repeat(9_000),
                "b".repeat(9_000),
                "c".repeat(9_000)
            ),
        ),
    ];
    assert_refused(&app, cases.map(|(what, token)| (what.to_owned(), token))).await;
}

#[tokio::test]
async fn other_tokens_of_ours_are_no_access_tokens() {
    let (app, ada, _) = with_ada().await;
    assert_refused(
        &app,
        [
            ("a service token".to_owned(), service_token("orders")),
            ("a refresh token".to_owned(), ada.refresh.clone()),
            ("a browser's mark".to_owned(), ada.device.clone()),
        ],
    )
    .await;
    let internal = app
        .get("/internal/revocations")
        .bearer_auth(&ada.access)
        .reply()
        .await;
    internal.assert_error(401, "AUTHENTICATION_ERROR");
}

#[tokio::test]
async fn the_token_comes_in_one_header_and_nowhere_else() {
    let (app, ada, _) = with_ada().await;
    let me = "/api/v1/auth/me";
    let lower = app
        .get(me)
        .header("Authorization", format!("bearer {}", ada.access))
        .reply()
        .await;
    assert_eq!(
        lower.status, 200,
        "the scheme's case does not matter (RFC 9110 §11.1)"
    );
    for value in [
        format!("Basic {}", ada.access),
        ada.access.clone(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {0}, Bearer {0}", ada.access),
        format!("Bearer  {}", ada.access),
    ] {
        let reply = app.get(me).header("Authorization", &value).reply().await;
        assert_eq!(reply.status, 401, "{value:.40}");
    }
    let twice = app
        .get(me)
        .header("Authorization", format!("Bearer {}", ada.access))
        .header("Authorization", format!("Bearer {}", ada.access))
        .reply()
        .await;
    assert_eq!(twice.status, 401);
    let query = app
        .get(&format!("{me}?access_token={}", ada.access))
        .reply()
        .await;
    assert_eq!(query.status, 401);
    let cookie = app
        .get(me)
        .header("Cookie", format!("access_token={}", ada.access))
        .reply()
        .await;
    assert_eq!(cookie.status, 401);
}

#[tokio::test]
async fn an_access_token_expires_after_a_quarter_of_an_hour() {
    let (app, ada, _) = with_ada().await;
    app.clock.advance(chrono::TimeDelta::seconds(899));
    assert_eq!(app.me(&ada.access).await, 200);
    app.clock.advance(chrono::TimeDelta::seconds(62));
    assert_eq!(
        app.me(&ada.access).await,
        401,
        "with a minute of tolerance between clocks"
    );
}

#[tokio::test]
async fn a_token_of_a_revoked_session_is_dead_elsewhere_within_seconds() {
    let (app, ada, _) = with_ada().await;
    // Another replica writes the revocation; this process learns of it by its poll.
    let session = format!(
        "(SELECT id FROM auth.sessions WHERE user_id = '{}')",
        ada.id
    );
    app.execute(&format!(
        "INSERT INTO auth.session_revocations (id, session_id, user_id, reason) \
         VALUES (gen_random_uuid(), {session}, '{}', 'logout')",
        ada.id
    ))
    .await;
    for _ in 0..50 {
        if app.me(&ada.access).await == 401 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the access token was still accepted after 5 s");
}
