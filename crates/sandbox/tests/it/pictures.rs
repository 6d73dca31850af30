//! The pictures of the seeded goods, asked for as a browser would.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use seed_data::GOODS;

use crate::app::TestSandbox;
use crate::svg::Svg;

const UPLOADS: &str = "/cloudinary/agape/image/upload";

struct Delivered {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Delivered {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Asserts a refusal, and returns its reason.
    #[track_caller]
    fn refused(&self, status: u16) -> &str {
        assert_eq!((self.status.as_u16(), self.body.as_str()), (status, ""));
        self.header("x-cld-error")
    }
}

async fn ask(
    sandbox: &TestSandbox,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> Delivered {
    let mut request = sandbox.client.request(method, sandbox.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    Delivered {
        status: answer.status(),
        headers: answer.headers().clone(),
        body: answer.text().await.unwrap(),
    }
}

/// Asks for a picture by the part of its path behind `/upload/`.
async fn get(sandbox: &TestSandbox, path: &str) -> Delivered {
    ask(sandbox, Method::GET, &format!("{UPLOADS}/{path}"), &[]).await
}

#[tokio::test]
async fn every_seeded_product_has_a_picture_of_its_own() {
    let sandbox = TestSandbox::start();
    let mut pictures = BTreeMap::new();
    for product in GOODS {
        let answer = get(&sandbox, &format!("{}.svg", product.slug)).await;
        assert_eq!(answer.status, 200, "{}", product.slug);
        assert_eq!(answer.header("content-type"), "image/svg+xml");
        let svg = Svg::parse(&answer.body);
        assert_eq!(svg.root("xmlns"), "http://www.w3.org/2000/svg");
        assert_eq!(svg.root("viewBox"), "0 0 800 800");
        assert!(answer.body.len() < 64 * 1024, "{}", product.slug);
        let other = pictures.insert(answer.body, product.slug);
        assert_eq!(other, None, "{} looks the same", product.slug);
    }
    assert_eq!(pictures.len(), GOODS.len());
}

#[tokio::test]
async fn a_picture_only_draws() {
    let sandbox = TestSandbox::start();
    let known = [
        "circle",
        "clipPath",
        "defs",
        "ellipse",
        "feGaussianBlur",
        "filter",
        "g",
        "linearGradient",
        "path",
        "pattern",
        "radialGradient",
        "rect",
        "stop",
        "svg",
        "use",
    ];
    for product in GOODS {
        let slug = product.slug;
        let svg = Svg::parse(&get(&sandbox, &format!("{slug}.svg")).await.body);
        for element in &svg.elements {
            assert!(known.contains(&element.as_str()), "{slug}: {element}");
        }
        let ids: Vec<&str> = svg.values("id").collect();
        let distinct: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), distinct.len(), "{slug}");
        // What is named must be there; nothing outside the picture can be named.
        for (element, name, value) in &svg.attributes {
            let id = match value.strip_prefix("url(#") {
                Some(id) => id.strip_suffix(')').unwrap(),
                None if name == "href" => value.strip_prefix('#').unwrap(),
                None => continue,
            };
            assert!(distinct.contains(id), "{slug}: <{element} {name}={value}>");
        }
    }
}

#[tokio::test]
async fn it_comes_in_the_size_that_was_asked_for() {
    let sandbox = TestSandbox::start();
    for (path, width, height, fitting) in [
        ("royal-lace.svg", "800", "800", "xMidYMid slice"),
        ("v1700000000/royal-lace.svg", "800", "800", "xMidYMid slice"),
        (
            "c_fill,f_auto,g_auto,h_250,q_auto,w_200/royal-lace.svg",
            "200",
            "250",
            "xMidYMid slice",
        ),
        (
            "w_400,h_200,c_fill/w_100/v3/royal-lace.svg",
            "100",
            "50",
            "none",
        ),
        (
            "w_1200,c_limit/dpr_2.0/royal-lace.svg",
            "800",
            "800",
            "xMidYMid slice",
        ),
        ("w_64/royal-lace", "64", "64", "none"),
    ] {
        let answer = get(&sandbox, path).await;
        assert_eq!(answer.status, 200, "{path}");
        let svg = Svg::parse(&answer.body);
        let size = (svg.root("width"), svg.root("height"));
        assert_eq!(size, (width, height), "{path}");
        assert_eq!(svg.root("preserveAspectRatio"), fitting, "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_delivered_is_said() {
    let sandbox = TestSandbox::start();
    for (path, status, reason) in [
        (
            "w_0/royal-lace.svg",
            400,
            "Invalid width in transformation: 0 (from 1 to 4000)",
        ),
        (
            "h_4001/royal-lace.svg",
            400,
            "Invalid height in transformation: 4001 (from 1 to 4000)",
        ),
        (
            "w_200,c_magic/royal-lace.svg",
            400,
            "Invalid crop mode magic",
        ),
        (
            "w_200,nonsense/royal-lace.svg",
            400,
            "Invalid transformation component - nonsense",
        ),
        (
            "t_card/royal-lace.svg",
            400,
            "Invalid transformation component - t_card",
        ),
        ("nobody.svg", 404, "Resource not found - nobody"),
        ("nobody.jpg", 404, "Resource not found - nobody"),
        (
            "w_200/shop/royal-lace.svg",
            404,
            "Resource not found - shop/royal-lace",
        ),
        ("", 404, "Resource not found - "),
        ("a%0D%0Ax.svg", 404, "Resource not found - a??x"),
        (
            "royal-lace.jpg",
            404,
            "This sandbox keeps its pictures as SVG and cannot convert them to jpg",
        ),
    ] {
        let answer = get(&sandbox, path).await;
        assert_eq!(answer.refused(status), reason.trim_end(), "{path}");
    }
    for (path, reason) in [
        (
            "/cloudinary/demo/image/upload/royal-lace.svg",
            "Unknown cloud - demo",
        ),
        (
            "/cloudinary/agape/video/upload/royal-lace.svg",
            "This sandbox delivers",
        ),
        ("/cloudinary", "This sandbox delivers"),
    ] {
        let answer = ask(&sandbox, Method::GET, path, &[]).await;
        assert!(answer.refused(404).starts_with(reason), "{path}");
    }
    let path = format!("{UPLOADS}/royal-lace.svg");
    let posted = ask(&sandbox, Method::POST, &path, &[]).await;
    posted.refused(405);
    assert_eq!(posted.header("allow"), "GET, HEAD");
}

#[tokio::test]
async fn it_may_be_kept_and_asked_for_again() {
    let sandbox = TestSandbox::start();
    let path = format!("{UPLOADS}/fila-cap.svg");
    let first = ask(&sandbox, Method::GET, &path, &[]).await;
    let tag = first.header("etag").to_owned();
    let small = get(&sandbox, "w_200/fila-cap.svg").await;
    assert_ne!(small.header("etag"), tag);
    for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
        let again = ask(&sandbox, Method::GET, &path, &[("if-none-match", &known)]).await;
        assert_eq!(
            (again.status.as_u16(), again.body.as_str()),
            (304, ""),
            "{known}"
        );
        assert_eq!(again.header("etag"), tag);
        assert_eq!(again.header("cache-control"), first.header("cache-control"));
    }
    let changed = ask(
        &sandbox,
        Method::GET,
        &path,
        &[("if-none-match", "\"other\"")],
    )
    .await;
    assert_eq!((changed.status.as_u16(), changed.body), (200, first.body));
}

#[tokio::test]
async fn a_head_says_what_a_get_would() {
    let sandbox = TestSandbox::start();
    let path = format!("{UPLOADS}/w_200/black-soap.svg");
    let got = ask(&sandbox, Method::GET, &path, &[]).await;
    let head = ask(&sandbox, Method::HEAD, &path, &[]).await;
    assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
    for name in ["content-type", "content-length", "etag", "cache-control"] {
        assert_eq!(head.header(name), got.header(name), "{name}");
    }
    let missing = ask(&sandbox, Method::HEAD, &format!("{UPLOADS}/x.svg"), &[]).await;
    assert_eq!(missing.refused(404), "Resource not found - x");
}

#[tokio::test]
async fn anybody_may_show_it_and_it_may_run_nothing() {
    let sandbox = TestSandbox::start();
    let answer = get(&sandbox, "bronze-head.svg").await;
    for (name, value) in [
        ("cache-control", "public, max-age=2592000"),
        ("access-control-allow-origin", "*"),
        ("x-content-type-options", "nosniff"),
        (
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ),
    ] {
        assert_eq!(answer.header(name), value);
    }
}
