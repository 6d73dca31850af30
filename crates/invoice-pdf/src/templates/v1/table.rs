//! The table of lines. It goes on over as many pages as it takes, with its head on each.

use crate::amount_text::{amount_text, deduction_text, grouped};
use crate::sheet::{Area, Place, Side, Style};
use crate::wrap::Column;
use crate::{InvoiceDocument, InvoiceLine};

use super::flow::{Block, Flow};
use super::look::{BODY, FINE, HEAD, LEFT, STRONG, WIDTH, baseline};

const HEAD_HEIGHT: f32 = 22.0;
/// Above and below the text of a row.
const PADDING: f32 = 6.0;
/// Between two columns, and between the outer ones and the edge of the head.
const GUTTER: f32 = 12.0;
const EDGE: f32 = 8.0;
const TITLE_LINES_MAX: usize = 3;
/// However wide the figures are, titles keep this much.
const TITLE_WIDTH_MIN: f32 = 150.0;
/// However wide one figure is, it takes no more from the others.
const FIGURES_WIDTH_MAX: f32 = 110.0;

/// What stands in one column of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figures {
    Quantity,
    UnitPrice,
    Discount,
    Tax,
    Total,
}

/// A figure, and what is to be said about it in small.
struct Cell {
    figure: String,
    remark: Option<String>,
}

/// The columns and how wide each is.
struct Columns {
    title_width: f32,
    figures: Vec<(Figures, f32)>,
}

/// A line of the document with its texts broken.
struct Row {
    title: Vec<String>,
    sku: String,
    cells: Vec<Cell>,
}

/// Draws all lines. The last one goes to the next page with what comes after it, if that has no room on this one:
/// totals alone on a page look as if something were lost.
pub(super) fn draw(flow: &mut Flow<'_>, height_after: f32) {
    let columns = Columns::of(flow);
    columns.draw_head(flow);
    let lines = flow.document.lines.as_slice();
    for (index, line) in lines.iter().enumerate() {
        let row = columns.row(flow, line);
        let is_last = index + 1 == lines.len();
        if !flow.has_room(room_wanted(row.height(), is_last.then_some(height_after))) {
            flow.turn();
            columns.draw_head(flow);
        }
        columns.draw_row(flow, &row);
    }
}

/// The room that a row wants below it; what comes after the last row counts only if a page could hold both.
fn room_wanted(row: f32, after: Option<f32>) -> f32 {
    let both = row + after.unwrap_or_default();
    if HEAD_HEIGHT + both <= Flow::room_of_a_page() {
        both
    } else {
        row
    }
}

impl Figures {
    /// A column in which nothing would stand is left out.
    fn of(document: &InvoiceDocument) -> Vec<Self> {
        let any = |has: fn(&InvoiceLine) -> bool| document.lines.iter().any(has);
        let is_discounted = any(|line| line.discount.minor() != 0);
        let is_taxed = any(|line| line.tax.minor() != 0 || line.tax_rate.is_some());
        [
            Some(Self::Quantity),
            Some(Self::UnitPrice),
            is_discounted.then_some(Self::Discount),
            is_taxed.then_some(Self::Tax),
            Some(Self::Total),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    const fn head(self) -> &'static str {
        match self {
            Self::Quantity => "Qty",
            Self::UnitPrice => "Unit price",
            Self::Discount => "Discount",
            Self::Tax => "Tax",
            Self::Total => "Total",
        }
    }

    const fn style(self) -> Style {
        match self {
            Self::Total => STRONG,
            Self::Quantity | Self::UnitPrice | Self::Discount | Self::Tax => BODY,
        }
    }

    fn cell(self, line: &InvoiceLine, document: &InvoiceDocument) -> Cell {
        let currency = document.currency;
        let plain = |figure| Cell {
            figure,
            remark: None,
        };
        match self {
            Self::Quantity => plain(grouped(line.quantity.into())),
            Self::UnitPrice => plain(amount_text(line.unit_price, currency)),
            Self::Discount => plain(deduction_text(line.discount, currency)),
            Self::Total => plain(amount_text(line.line_total, currency)),
            Self::Tax => Cell {
                figure: amount_text(line.tax, currency),
                remark: line.tax_rate.clone(),
            },
        }
    }
}

impl Columns {
    fn of(flow: &Flow<'_>) -> Self {
        let figures = Figures::of(flow.document);
        let natural: Vec<f32> = figures
            .iter()
            .map(|figures| natural_width(flow, *figures))
            .collect();
        let widths = share_out(&natural, WIDTH - 2.0 * EDGE);
        Self {
            title_width: WIDTH - 2.0 * EDGE - widths.iter().sum::<f32>(),
            figures: figures.into_iter().zip(widths).collect(),
        }
    }

    fn row(&self, flow: &Flow<'_>, line: &InvoiceLine) -> Row {
        let column = Column {
            width: self.title_width,
            lines_max: TITLE_LINES_MAX,
        };
        Row {
            title: flow.sheet.lines(&line.title, BODY, column),
            sku: line.sku.clone(),
            cells: self
                .figures
                .iter()
                .map(|(figures, _width)| figures.cell(line, flow.document))
                .collect(),
        }
    }

    fn draw_head(&self, flow: &mut Flow<'_>) {
        let area = Area {
            x: LEFT,
            y: flow.y,
            width: WIDTH,
            height: HEAD_HEIGHT,
        };
        flow.sheet.fill(area, flow.accent);
        let line = baseline(HEAD, flow.y + (HEAD_HEIGHT - HEAD.leading) / 2.0);
        let place = |x, width, side| Place {
            x,
            width,
            baseline: line,
            side,
        };
        let mut x = LEFT + EDGE;
        let title = place(x, self.title_width, Side::Left);
        flow.sheet.text("Item", HEAD, title);
        x += self.title_width;
        for (figures, width) in &self.figures {
            let place = place(x + GUTTER, width - GUTTER, Side::Right);
            flow.sheet.text(figures.head(), HEAD, place);
            x += width;
        }
        flow.y += HEAD_HEIGHT;
    }

    fn draw_row(&self, flow: &mut Flow<'_>, row: &Row) {
        let top = flow.y + PADDING;
        let block = |top| Block {
            x: LEFT + EDGE,
            top,
            width: self.title_width,
            side: Side::Left,
        };
        let below_title = flow.stack(&row.title, BODY, block(top));
        flow.stack(&[&row.sku], FINE, block(below_title));
        let mut x = LEFT + EDGE + self.title_width;
        for ((figures, width), cell) in self.figures.iter().zip(&row.cells) {
            let place = |baseline| Place {
                x: x + GUTTER,
                width: width - GUTTER,
                baseline,
                side: Side::Right,
            };
            let style = figures.style();
            let line = baseline(style, top);
            flow.sheet.figure(&cell.figure, style, place(line));
            if let Some(remark) = &cell.remark {
                let line = baseline(FINE, top + style.leading);
                flow.sheet.text(remark, FINE, place(line));
            }
            x += width;
        }
        flow.y += row.height();
        flow.rule(LEFT, flow.y, WIDTH);
    }
}

impl Row {
    fn height(&self) -> f32 {
        let title: f32 = self.title.iter().map(|_line| BODY.leading).sum();
        // A row without a title is as high as its figures.
        title.max(BODY.leading) + FINE.leading + 2.0 * PADDING
    }
}

/// What a column takes if every figure stands in it as it is.
///
/// Figures are all as wide and a column has one currency, so the longest text is the widest.
fn natural_width(flow: &Flow<'_>, figures: Figures) -> f32 {
    let document = flow.document;
    let lines = document.lines.iter();
    let longest = lines
        .map(|line| figures.cell(line, document).figure)
        .max_by_key(|figure| figure.chars().count())
        .unwrap_or_default();
    let head = flow.sheet.width(figures.head(), HEAD);
    flow.sheet.width(&longest, figures.style()).max(head) + GUTTER
}

/// What each column of figures gets of the width, the titles' part aside.
fn share_out(natural: &[f32], width: f32) -> Vec<f32> {
    let limited = natural.iter().map(|wide| wide.min(FIGURES_WIDTH_MAX));
    let wanted: f32 = limited.clone().sum();
    let shrink = ((width - TITLE_WIDTH_MIN) / wanted).min(1.0);
    limited.map(|wide| wide * shrink).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn is_near(a: f32, b: f32) -> bool {
        (a - b).abs() < 0.01
    }

    #[test]
    fn columns_take_what_they_need_while_titles_have_room() {
        assert_eq!(share_out(&[30.0, 70.0], 490.0), [30.0, 70.0]);
    }

    #[test]
    fn one_wide_figure_does_not_squeeze_the_others() {
        assert_eq!(share_out(&[30.0, 900.0], 490.0), [30.0, FIGURES_WIDTH_MAX]);
    }

    #[test]
    fn titles_keep_their_share() {
        let widths = share_out(&[900.0; 5], 490.0);
        assert!(is_near(widths.iter().sum::<f32>(), 490.0 - TITLE_WIDTH_MIN));
    }

    #[test]
    fn a_column_in_which_nothing_stands_is_left_out() {
        let mut document = sample::invoice();
        assert_eq!(Figures::of(&document).len(), 5);
        for line in &mut document.lines {
            line.discount = sample::amount(0);
            line.tax = sample::amount(0);
            line.tax_rate = None;
        }
        let figures = [Figures::Quantity, Figures::UnitPrice, Figures::Total];
        assert_eq!(Figures::of(&document), figures);
    }

    #[test]
    fn the_last_row_stays_with_the_totals_if_a_page_can_hold_both() {
        assert!(is_near(room_wanted(30.0, None), 30.0));
        assert!(is_near(room_wanted(30.0, Some(200.0)), 230.0));
        assert!(is_near(room_wanted(30.0, Some(5_000.0)), 30.0));
    }

    #[test]
    fn a_row_is_as_high_as_its_title() {
        let row = |lines| Row {
            title: vec![String::new(); lines],
            sku: String::new(),
            cells: Vec::new(),
        };
        assert!(is_near(row(0).height(), row(1).height()));
        assert!(is_near(
            row(3).height() - row(1).height(),
            2.0 * BODY.leading
        ));
    }
}
