//! What a caller may rely on: same bytes, small files, quick work, and text that can be read back.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test's helpers fail the test"
)]

mod reader;

use std::thread;

use invoice_pdf::{InvoiceDocument, RenderError, TEMPLATE_VERSION, render};

const INVOICE: &str = include_str!("../data/invoice.json");
const CREDIT_NOTE: &str = include_str!("../data/credit_note.json");

fn document(json: &str) -> InvoiceDocument {
    serde_json::from_str(json).unwrap()
}

#[test]
fn equal_documents_become_equal_bytes() {
    let document = document(INVOICE);
    let first = render(&document).unwrap();
    assert_eq!(render(&document).unwrap(), first);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_number| scope.spawn(|| render(&document).unwrap()))
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), first);
        }
    });
}

#[test]
fn a_document_kept_as_json_comes_out_the_same() {
    for json in [INVOICE, CREDIT_NOTE] {
        let document = document(json);
        let kept = serde_json::to_string(&document).unwrap();
        let read: InvoiceDocument = serde_json::from_str(&kept).unwrap();
        assert_eq!(read, document);
        assert_eq!(render(&read).unwrap(), render(&document).unwrap());
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_value(&document).unwrap(), value);
    }
}

#[test]
fn another_document_has_another_id() {
    let first = document(INVOICE);
    let mut second = first.clone();
    second.notes.clear();
    let ids = [&first, &second].map(|document| reader::ids(&render(document).unwrap()));
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_page_is_small() {
    for json in [INVOICE, CREDIT_NOTE] {
        let size = render(&document(json)).unwrap().len();
        assert!(size <= 60 * 1024, "{size} bytes");
    }
}

#[test]
fn the_text_can_be_read_back() {
    let text = reader::text(&render(&document(INVOICE)).unwrap());
    for words in [
        "INV-2026-000123",
        "₦118,629.13",
        "Adébáyọ̀ Ọlátúnjí",
        "27 November 2026",
        "Page 1 of 1",
    ] {
        assert!(
            text.iter().any(|line| line == words),
            "{words} in {text:#?}"
        );
    }
}

#[test]
fn the_day_of_issue_is_the_day_of_the_file() {
    let pdf = String::from_utf8_lossy(&render(&document(INVOICE)).unwrap()).into_owned();
    assert!(pdf.contains("/CreationDate(D:20261127"));
    assert!(pdf.contains("Invoice INV-2026-000123"));
}

#[test]
fn an_unknown_template_is_refused() {
    let mut document = document(INVOICE);
    assert_eq!(document.template_version, TEMPLATE_VERSION);
    for version in [0, TEMPLATE_VERSION + 1] {
        document.template_version = version;
        let refused = render(&document).unwrap_err();
        assert!(matches!(refused, RenderError::UnknownTemplate(found) if found == version));
    }
}

#[test]
fn a_credit_note_without_its_invoice_is_refused() {
    let mut document = document(CREDIT_NOTE);
    document.corrects_number = None;
    let refused = render(&document).unwrap_err();
    assert!(matches!(refused, RenderError::NoCorrectedInvoice));
}

#[test]
fn a_field_that_would_not_be_printed_is_refused() {
    let json = INVOICE.replacen('{', "{\"surcharge\": 5.00,", 1);
    assert!(serde_json::from_str::<InvoiceDocument>(&json).is_err());
}

#[test]
fn text_of_any_script_and_length_is_printed() {
    let mut document = document(INVOICE);
    document.buyer.name = "王小明 \u{1F381}\u{202E} عميل \u{0}".to_owned();
    document.lines[0].title = "x".repeat(1_000_000);
    document.lines[1].title = "\u{301}".repeat(10_000);
    document.notes = vec!["<script>alert(1)</script> %s ) Tj".repeat(500); 50];
    render(&document).unwrap();
}
