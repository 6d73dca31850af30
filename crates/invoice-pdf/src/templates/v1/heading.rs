//! The upper part of the first page: who sells, what this is, who buys, where it goes and how it was paid.

use crate::DocumentKind;
use crate::amount_text::amount_text;
use crate::sheet::{Area, Place, Side};
use crate::wrap::Column;

use super::flow::{Block, Flow};
use super::look::{
    BODY, LABEL, LEFT, NAME, RIGHT, SMALL, STRONG, TINT, VALUE, WIDTH, baseline, big, day,
};

const SELLER_WIDTH: f32 = 300.0;
const KIND_WIDTH: f32 = WIDTH - SELLER_WIDTH - 12.0;

const STRIP_HEIGHT: f32 = 40.0;
const STRIP_PADDING: f32 = 12.0;
const CELL_WIDTH_MAX: f32 = 150.0;

const PARTY_GAP: f32 = 20.0;
const PARTY_WIDTH: f32 = (WIDTH - 2.0 * PARTY_GAP) / 3.0;

/// Draws it, and leaves off where the table begins.
pub(super) fn draw(flow: &mut Flow<'_>) {
    let top = flow.y;
    let end = seller(flow, top).max(kind_and_number(flow, top));
    flow.y = end + 16.0;
    strip(flow);
    flow.y += 20.0;
    parties(flow);
    flow.y += 20.0;
}

fn seller(flow: &mut Flow<'_>, top: f32) -> f32 {
    let seller = &flow.document.seller;
    let block = |top| Block {
        x: LEFT,
        top,
        width: SELLER_WIDTH,
        side: Side::Left,
    };
    let column = Column {
        width: SELLER_WIDTH,
        lines_max: 2,
    };
    let name = flow.sheet.lines(&seller.name, NAME, column);
    let mut lines = flow.address(&seller.address_lines, SMALL, SELLER_WIDTH);
    lines.extend(seller.tax_id.as_ref().map(|id| format!("Tax ID {id}")));
    lines.extend(seller.email.clone());
    let below_name = flow.stack(&name, NAME, block(top));
    flow.stack(&lines, SMALL, block(below_name + 3.0))
}

fn kind_and_number(flow: &mut Flow<'_>, top: f32) -> f32 {
    let word = match flow.document.kind {
        DocumentKind::Invoice => "INVOICE",
        DocumentKind::CreditNote => "CREDIT NOTE",
    };
    let block = |top| Block {
        x: RIGHT - KIND_WIDTH,
        top,
        width: KIND_WIDTH,
        side: Side::Right,
    };
    // The big word's capitals begin as high as the seller's name.
    let below = flow.stack(&[word], big(flow.accent), block(top - 3.0));
    let number = flow.document.number.as_str();
    flow.stack(&[number], VALUE, block(below + 2.0))
}

/// The dates and numbers that people look for first, and the total.
fn strip(flow: &mut Flow<'_>) {
    let document = flow.document;
    let mut cells = vec![("ISSUED", day(document.issued_on))];
    if let Some(number) = &document.corrects_number {
        cells.push(("CORRECTS INVOICE", number.clone()));
    }
    cells.push(("ORDER", document.order_number.clone()));
    cells.push(("ORDERED", day(document.ordered_on)));
    let total = match document.kind {
        DocumentKind::Invoice => "TOTAL",
        DocumentKind::CreditNote => "TOTAL CREDITED",
    };
    cells.push((total, amount_text(document.total, document.currency)));
    let area = Area {
        x: LEFT,
        y: flow.y,
        width: WIDTH,
        height: STRIP_HEIGHT,
    };
    flow.sheet.fill(area, TINT);
    draw_cells(flow, &cells);
    flow.y += STRIP_HEIGHT;
}

fn draw_cells(flow: &mut Flow<'_>, cells: &[(&str, String)]) {
    let natural: Vec<f32> = cells
        .iter()
        .map(|(label, value)| {
            let label = flow.sheet.width(label, LABEL);
            label.max(flow.sheet.width(value, VALUE))
        })
        .collect();
    let mut x = LEFT + STRIP_PADDING;
    for ((label, value), width) in cells.iter().zip(spread(&natural, WIDTH - STRIP_PADDING)) {
        let place = |baseline| Place {
            x,
            width: width - STRIP_PADDING,
            baseline,
            side: Side::Left,
        };
        let label_line = baseline(LABEL, flow.y + 8.0);
        let value_line = baseline(VALUE, flow.y + 8.0 + LABEL.leading + 1.5);
        flow.sheet.figure(label, LABEL, place(label_line));
        flow.sheet.figure(value, VALUE, place(value_line));
        x += width;
    }
}

/// The widths of the cells, padding included: what is over goes to all alike, what is lacking is taken from each in
/// proportion. One overlong text takes no more than a long one.
fn spread(natural: &[f32], width: f32) -> Vec<f32> {
    let limited = natural.iter().map(|cell| cell.min(CELL_WIDTH_MAX));
    let count: f32 = natural.iter().map(|_cell| 1.0).sum();
    let (room, wanted) = (width - count * STRIP_PADDING, limited.clone().sum::<f32>());
    let extra = (room - wanted).max(0.0) / count;
    let shrink = (room / wanted).min(1.0);
    limited
        .map(|cell| cell * shrink + extra + STRIP_PADDING)
        .collect()
}

/// One column of what concerns one side.
struct Party {
    label: &'static str,
    name: String,
    lines: Vec<String>,
}

fn parties(flow: &mut Flow<'_>) {
    let mut x = LEFT;
    let mut end = flow.y;
    for party in [Some(billed(flow)), shipped(flow), Some(paid(flow))]
        .into_iter()
        .flatten()
    {
        end = end.max(draw_party(flow, &party, x));
        x += PARTY_WIDTH + PARTY_GAP;
    }
    flow.y = end;
}

fn billed(flow: &Flow<'_>) -> Party {
    let buyer = &flow.document.buyer;
    let mut lines = flow.address(&buyer.address_lines, BODY, PARTY_WIDTH);
    lines.extend(buyer.email.clone());
    Party {
        label: "BILLED TO",
        name: buyer.name.clone(),
        lines,
    }
}

fn shipped(flow: &Flow<'_>) -> Option<Party> {
    let address = &flow.document.shipping_address_lines;
    let (name, rest) = address.split_first()?;
    Some(Party {
        label: "SHIPPED TO",
        name: name.clone(),
        lines: flow.address(rest, BODY, PARTY_WIDTH),
    })
}

fn paid(flow: &Flow<'_>) -> Party {
    let (label, done, open) = match flow.document.kind {
        DocumentKind::Invoice => ("PAYMENT", "Paid", "Awaiting payment"),
        DocumentKind::CreditNote => ("REFUND", "Refunded", "Refund to follow"),
    };
    let Some(payment) = &flow.document.payment else {
        return Party {
            label,
            name: open.to_owned(),
            lines: Vec::new(),
        };
    };
    let reference = payment.reference.trim();
    let mut lines = vec![payment.channel.clone()];
    if !reference.is_empty() {
        let reference = [format!("Ref. {reference}")];
        lines.extend(flow.address(&reference, BODY, PARTY_WIDTH));
    }
    Party {
        label,
        name: format!("{done} {}", day(payment.paid_on)),
        lines,
    }
}

fn draw_party(flow: &mut Flow<'_>, party: &Party, x: f32) -> f32 {
    let block = |top| Block {
        x,
        top,
        width: PARTY_WIDTH,
        side: Side::Left,
    };
    let column = Column {
        width: PARTY_WIDTH,
        lines_max: 2,
    };
    let name = flow.sheet.lines(&party.name, STRONG, column);
    let below_label = flow.stack(&[party.label], LABEL, block(flow.y));
    let below_name = flow.stack(&name, STRONG, block(below_label + 3.0));
    flow.stack(&party.lines, BODY, block(below_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_near(a: f32, b: f32) -> bool {
        (a - b).abs() < 0.01
    }

    #[test]
    fn cells_share_what_is_over() {
        let widths = spread(&[50.0, 80.0], 200.0);
        assert!(is_near(widths[1] - widths[0], 30.0));
        assert!(is_near(widths.iter().sum(), 200.0));
    }

    #[test]
    fn cells_share_what_is_lacking() {
        let widths = spread(&[70.0, 140.0], 120.0);
        assert!(is_near(
            widths[1] - STRIP_PADDING,
            2.0 * (widths[0] - STRIP_PADDING)
        ));
        assert!(is_near(widths.iter().sum(), 120.0));
    }

    #[test]
    fn an_overlong_text_leaves_room_for_the_others() {
        let widths = spread(&[90.0, 9_000.0, 90.0, 90.0], 495.0);
        assert!(widths.iter().all(|width| *width >= 90.0), "{widths:?}");
    }
}
