//! What stands below the table: the totals, the tax by rate beside them, and the notes.

use crate::DocumentKind;
use crate::amount_text::{amount_text, deduction_text};
use crate::sheet::{Area, Place, Side, Style};
use crate::wrap::Column;

use super::flow::{Block, Flow};
use super::look::{BODY, LABEL, LEFT, MUTED, RIGHT, SMALL, SUM, WIDTH, baseline};

const ROW_HEIGHT: f32 = 17.0;
const SUM_HEIGHT: f32 = 30.0;
const GAP: f32 = 14.0;

const TOTALS_WIDTH: f32 = 232.0;
const TOTALS_X: f32 = RIGHT - TOTALS_WIDTH;
const TOTALS_EDGE: f32 = 8.0;
/// However long the amount is, the words before it keep the rest.
const TOTALS_AMOUNT_MAX: f32 = 130.0;
/// Between words and amount.
const TOTALS_GAP: f32 = 8.0;

const TAX_WIDTH: f32 = WIDTH - TOTALS_WIDTH - 34.0;
const TAX_AMOUNT: f32 = 74.0;
const TAX_BASE: f32 = 84.0;

const NOTE_LINES_MAX: usize = 14;
const NOTES_WIDTH: f32 = 400.0;

/// A row of the totals.
struct Total {
    words: String,
    amount: String,
    kind: TotalKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TotalKind {
    Part,
    Sum,
    Remark,
}

/// A row of the tax summary.
struct Tax {
    name: String,
    base: String,
    tax: String,
    style: Style,
}

/// The totals and the tax, told but not yet placed.
pub(super) struct Closing {
    totals: Vec<Total>,
    taxes: Vec<Tax>,
}

impl Closing {
    pub(super) fn of(flow: &Flow<'_>) -> Self {
        Self {
            totals: totals(flow),
            taxes: taxes(flow),
        }
    }

    /// What the totals and the tax take, the gap above them included.
    pub(super) fn height(&self) -> f32 {
        GAP + self.row_heights().sum::<f32>()
    }

    /// Draws both tables row by row, so that either may go on over the page, and the notes below them.
    pub(super) fn draw(&self, flow: &mut Flow<'_>) {
        if !flow.has_room(self.height()) && self.height() <= Flow::room_of_a_page() {
            flow.turn();
        } else {
            flow.y += GAP;
        }
        for (row, height) in self.row_heights().enumerate() {
            if !flow.has_room(height) {
                flow.turn();
            }
            if let Some(total) = self.totals.get(row) {
                total.draw(flow);
            }
            if let Some(tax) = self.taxes.get(row) {
                tax.draw(flow);
            }
            flow.y += height;
        }
        notes(flow);
    }

    fn row_heights(&self) -> impl Iterator<Item = f32> {
        let count = self.totals.len().max(self.taxes.len());
        (0..count).map(|row| self.totals.get(row).map_or(ROW_HEIGHT, Total::height))
    }
}

fn totals(flow: &Flow<'_>) -> Vec<Total> {
    let document = flow.document;
    let text = |amount| amount_text(amount, document.currency);
    let part = |words: String, amount: String| Total {
        words,
        amount,
        kind: TotalKind::Part,
    };
    let mut totals = vec![part("Subtotal".to_owned(), text(document.subtotal))];
    if let Some(discount) = &document.discount {
        let words = match &discount.coupon_code {
            Some(code) => format!("Discount ({code})"),
            None => "Discount".to_owned(),
        };
        totals.push(part(
            words,
            deduction_text(discount.amount, document.currency),
        ));
    }
    if let Some(shipping) = &document.shipping {
        let words = format!("Shipping ({})", shipping.method);
        totals.push(part(words, text(shipping.amount)));
    }
    let sum = Total {
        words: format!("{} {}", sum_word(document.kind), document.currency),
        amount: text(document.total),
        kind: TotalKind::Sum,
    };
    // Tax that is in the prices is no part of the sum, so it is told after it.
    if document.prices_include_tax {
        totals.push(sum);
        totals.extend(document.tax_lines.iter().map(|line| Total {
            words: format!("Includes {}", line.name),
            amount: text(line.tax),
            kind: TotalKind::Remark,
        }));
    } else {
        let taxes = document.tax_lines.iter();
        totals.extend(taxes.map(|line| part(line.name.clone(), text(line.tax))));
        totals.push(sum);
    }
    totals
}

const fn sum_word(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Invoice => "Total",
        DocumentKind::CreditNote => "Credited",
    }
}

fn taxes(flow: &Flow<'_>) -> Vec<Tax> {
    let document = flow.document;
    if document.tax_lines.is_empty() {
        return Vec::new();
    }
    let head = Tax {
        name: "TAX SUMMARY".to_owned(),
        base: "TAXABLE".to_owned(),
        tax: "TAX".to_owned(),
        style: LABEL,
    };
    let rows = document.tax_lines.iter().map(|line| Tax {
        name: line.name.clone(),
        base: amount_text(line.taxable_base, document.currency),
        tax: amount_text(line.tax, document.currency),
        style: SMALL,
    });
    std::iter::once(head).chain(rows).collect()
}

impl Total {
    const fn height(&self) -> f32 {
        match self.kind {
            TotalKind::Part | TotalKind::Remark => ROW_HEIGHT,
            TotalKind::Sum => SUM_HEIGHT + 4.0,
        }
    }

    fn draw(&self, flow: &mut Flow<'_>) {
        let (words, amount) = self.styles();
        let mut top = flow.y + (ROW_HEIGHT - words.leading) / 2.0;
        if self.kind == TotalKind::Sum {
            let area = Area {
                x: TOTALS_X,
                y: flow.y + 2.0,
                width: TOTALS_WIDTH,
                height: SUM_HEIGHT,
            };
            flow.sheet.fill(area, flow.accent);
            top = area.y + (SUM_HEIGHT - words.leading) / 2.0;
        }
        let whole = TOTALS_WIDTH - 2.0 * TOTALS_EDGE;
        let needed = flow.sheet.width(&self.amount, amount);
        let for_amount = needed.min(TOTALS_AMOUNT_MAX);
        let place = |x, width, side| Place {
            x,
            width,
            baseline: baseline(words, top),
            side,
        };
        let x = TOTALS_X + TOTALS_EDGE;
        let words_place = place(x, whole - for_amount - TOTALS_GAP, Side::Left);
        let amount_place = place(x + whole - for_amount, for_amount, Side::Right);
        flow.sheet.text(&self.words, words, words_place);
        flow.sheet.figure(&self.amount, amount, amount_place);
    }

    const fn styles(&self) -> (Style, Style) {
        match self.kind {
            TotalKind::Part => (
                Style {
                    colour: MUTED,
                    ..BODY
                },
                BODY,
            ),
            TotalKind::Sum => (SUM, SUM),
            TotalKind::Remark => (SMALL, SMALL),
        }
    }
}

impl Tax {
    fn draw(&self, flow: &mut Flow<'_>) {
        let line = baseline(self.style, flow.y + (ROW_HEIGHT - self.style.leading) / 2.0);
        let place = |x, width, side| Place {
            x,
            width,
            baseline: line,
            side,
        };
        let tax_x = LEFT + TAX_WIDTH - TAX_AMOUNT;
        let base_x = tax_x - TAX_BASE;
        let name = place(LEFT, base_x - LEFT - 6.0, Side::Left);
        let base = place(base_x, TAX_BASE - 8.0, Side::Right);
        let tax = place(tax_x, TAX_AMOUNT, Side::Right);
        flow.sheet.text(&self.name, self.style, name);
        flow.sheet.figure(&self.base, self.style, base);
        flow.sheet.figure(&self.tax, self.style, tax);
        flow.rule(LEFT, flow.y + ROW_HEIGHT, TAX_WIDTH);
    }
}

fn notes(flow: &mut Flow<'_>) {
    let column = Column {
        width: NOTES_WIDTH,
        lines_max: NOTE_LINES_MAX,
    };
    let lines = flow.paragraphs(&flow.document.notes, SMALL, column, NOTE_LINES_MAX);
    if lines.is_empty() {
        return;
    }
    flow.y += GAP + 4.0;
    if !flow.has_room(LABEL.leading + SMALL.leading * 2.0) {
        flow.turn();
    }
    let block = |top| Block {
        x: LEFT,
        top,
        width: NOTES_WIDTH,
        side: Side::Left,
    };
    flow.y = flow.stack(&["NOTES"], LABEL, block(flow.y)) + 2.0;
    for line in &lines {
        if !flow.has_room(SMALL.leading) {
            flow.turn();
        }
        flow.y = flow.stack(&[line], SMALL, block(flow.y));
    }
}
