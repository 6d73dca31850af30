use serde_json::json;

use super::*;

const LINK: &str = "https://shop.example/api/v1/auth/verify-email#token=kJ8s1xW0uQ-m_Yp";

fn renderer() -> Renderer {
    Renderer::new("Agape", Tz::Africa__Lagos).unwrap()
}

fn content() -> Content {
    Content {
        name: Some("Ada Obi".to_owned()),
        link: Some(LINK.to_owned()),
        link_expires_at: DateTime::from_timestamp(1_768_300_200, 0),
        facts: json!({
            "at": "2026-01-13T10:30:00.123456Z", "deviceInfo": "Firefox on Linux", "ipAddress": "203.0.113.7",
            "from": "customer", "to": "merchant", "expiresAt": "2026-01-20T10:30:00.000Z",
            "orderNumber": "AGP-20260113-7K3QXN9D4T",
            "items": [{ "title": "Lace, 5 yards", "quantity": 2, "total": "NGN 97,000.00" }],
            "subtotal": "NGN 97,000.00", "discount": "NGN 1,000.00", "shipping": "NGN 1,500.00",
            "tax": "NGN 7,275.00", "total": "NGN 104,775.00", "carrier": "GIG", "trackingNumber": "GIG-1",
            "amount": "NGN 500.00", "documentNumber": "CN-2026-000007",
            "date": "12 January 2026", "verdict": "1 to look at", "path": "/api/v1/report.csv",
            "totals": [{ "currency": "NGN", "count": 2, "gross": "2.00", "fees": "1.00", "net": "1.00", "refunds": 0,
                "refunded": "0.00" }],
            "classes": [{ "name": "status", "count": 2, "repaired": 1, "open": 1 }],
            "dueAt": "2026-01-14T01:30:00Z", "outcome": "won",
        }),
    }
}

fn render(name: &str, content: &Content) -> Rendered {
    renderer().render(name.parse().unwrap(), content).unwrap()
}

#[test]
fn every_template_makes_a_whole_mail() {
    let renderer = renderer();
    for template in Template::all() {
        let mail = renderer.render(template, &content()).unwrap();
        for (part, text) in [
            ("subject", &mail.subject),
            ("text", &mail.text),
            ("html", &mail.html),
        ] {
            assert!(text.contains("Agape"), "{template}: no shop in the {part}");
            for left in ["{{", "}}", "{%", "<mj-", "undefined"] {
                assert!(!text.contains(left), "{template}: {left} in the {part}");
            }
        }
        for part in [&mail.text, &mail.html] {
            assert!(part.contains("Hello Ada Obi,"), "{template}");
        }
        assert!(mail.html.contains("<!doctype html>"), "{template}");
        assert!(!mail.text.contains("none"), "{template}: {}", mail.text);
        assert!(!mail.html.contains("<img"), "{template} needs no images");
        assert!(
            !mail.html.contains("fonts.googleapis"),
            "{template} fetches nothing"
        );
        assert!(
            mail.subject.len() < 70 && !mail.subject.contains('\n'),
            "{}",
            mail.subject
        );
    }
}

#[test]
fn a_mail_needs_neither_a_name_nor_facts() {
    let renderer = renderer();
    let bare = Content {
        name: None,
        facts: json!({}),
        ..content()
    };
    for template in about_accounts() {
        let mail = renderer.render(template, &bare).unwrap();
        assert!(mail.text.contains("Hello,\n"), "{template}: {}", mail.text);
        assert!(
            !mail.text.contains("none") && !mail.html.contains("none,"),
            "{template}"
        );
    }
}

fn about_accounts() -> impl Iterator<Item = Template> {
    Template::all().filter(|template| matches!(template, Template::Account(_)))
}

#[test]
fn a_mail_about_an_order_needs_the_order_but_no_name_and_nothing_that_is_not_there() {
    let renderer = renderer();
    for template in Template::all().filter(|template| matches!(template, Template::Order(_))) {
        let mut bare = Content {
            name: None,
            ..content()
        };
        for absent in ["discount", "tax", "carrier", "trackingNumber"] {
            bare.facts[absent] = Value::Null;
        }
        let mail = renderer.render(template, &bare).unwrap();
        assert!(mail.text.contains("Hello,\n"), "{template}: {}", mail.text);
        let number = "AGP-20260113-7K3QXN9D4T";
        for part in [&mail.subject, &mail.text, &mail.html] {
            assert!(part.contains(number), "{template}: {part}");
        }
        for word in ["none", "Discount", "Tax", "tracking"] {
            assert!(!mail.text.contains(word), "{template}: {}", mail.text);
        }
        bare.facts = json!({});
        assert!(renderer.render(template, &bare).is_err(), "{template}");
    }
}

#[test]
fn a_confirmation_lists_everything_that_makes_the_total() {
    let mail = render("order_confirmation", &content());
    let lines = "2 x Lace, 5 yards: NGN 97,000.00\n\nGoods: NGN 97,000.00\nDiscount: -NGN 1,000.00\n\
        Delivery: NGN 1,500.00\nTax: NGN 7,275.00\nTotal: NGN 104,775.00\n";
    assert!(mail.text.contains(lines), "{}", mail.text);
    for cell in [
        "2 × Lace, 5 yards</td>",
        ">−NGN 1,000.00</td>",
        "<strong>NGN 104,775.00</strong>",
    ] {
        assert!(mail.html.contains(cell), "{cell} in {}", mail.html);
    }
}

#[test]
fn a_link_stands_in_the_button_and_as_text_and_says_until_when() {
    for name in ["verify_email", "password_reset"] {
        let mail = render(name, &content());
        assert!(mail.text.contains(&format!("\n{LINK}\n")), "{}", mail.text);
        let escaped = LINK.replace('/', "&#x2f;");
        assert_eq!(mail.html.matches(&format!("href=\"{escaped}\"")).count(), 2);
        assert!(mail.html.contains(&format!(">{escaped}</a>")));
        let until = "until Tuesday, 13 January 2026 at 11:30 (WAT)";
        assert!(mail.text.contains(until), "{}", mail.text);
        assert!(mail.html.contains(until));
    }
}

#[test]
fn what_people_type_is_text_and_nothing_else() {
    let mut hostile = Content {
        name: Some("<b>Ada</b> & \"co\" {{ 7*7 }}\r\nBcc: eve@example.com".to_owned()),
        ..content()
    };
    for (fact, words) in [
        ("deviceInfo", "<script>alert(1)</script>"),
        ("ipAddress", "\"><img src=x>"),
        ("carrier", "<script>alert(2)</script>"),
        (
            "trackingNumber",
            "</td></mj-table><mj-image src=\"x\" />{% raw %}",
        ),
    ] {
        hostile.facts[fact] = json!(words);
    }
    hostile.facts["items"][0]["title"] = json!("</td><script>{{ 7*7 }}</script><img src=x>");
    for template in Template::all() {
        let mail = renderer().render(template, &hostile).unwrap();
        assert!(
            mail.html
                .contains("&lt;b&gt;Ada&lt;&#x2f;b&gt; &amp; &quot;co&quot; {{ 7*7 }}"),
            "{template}"
        );
        for raw in ["<b>Ada", "<script>", "<img", "49"] {
            let is_style = raw == "49" && mail.html.contains("#49");
            assert!(!mail.html.contains(raw) || is_style, "{template}: {raw}");
        }
        assert!(
            mail.text
                .contains("<b>Ada</b> & \"co\" {{ 7*7 }}  Bcc: eve@example.com"),
            "{}",
            mail.text
        );
        assert!(!mail.subject.contains("Bcc"));
    }
}

#[test]
fn times_are_those_of_the_shop() {
    assert_eq!(
        when("2026-07-13T22:30:00Z", Tz::Africa__Lagos),
        "Monday, 13 July 2026 at 23:30 (WAT)"
    );
    assert_eq!(
        when("2026-07-13T22:30:00Z", Tz::Africa__Johannesburg),
        "Tuesday, 14 July 2026 at 00:30 (SAST)"
    );
    assert_eq!(when("soon\n", Tz::Africa__Lagos), "soon ");
}

#[test]
fn a_template_that_lacks_what_it_tells_says_so_without_telling_it() {
    let without_link = Content {
        link: None,
        ..content()
    };
    // A mail without its link would be worse than none.
    let error = renderer().render("verify_email".parse().unwrap(), &without_link);
    assert!(error.is_err(), "{error:?}");
}
