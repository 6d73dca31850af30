//! Where the next thing goes, on which page, and what stands on every page.

use crate::fonts::Fonts;
use crate::pdf::PAGE_WIDTH;
use crate::sheet::{Area, Colour, Page, Place, Sheet, Side, Style};
use crate::templates::title;
use crate::wrap::Column;
use crate::{InvoiceDocument, Seller};

use super::look::{
    BOTTOM, FINE, FOOT_BASELINE, FOOT_RULE, HAIRLINE, LEFT, LINE, RIGHT, SMALL, STRONG, TOP, WIDTH,
    accent, baseline, day,
};

/// What the first page begins with at its upper edge.
const BAND_FIRST: f32 = 7.0;
const BAND_NEXT: f32 = 3.0;
/// What the line with the document's name takes on every page but the first.
const RUNNING_HEAD: f32 = 16.0;
/// With more, the first page would have no room for the table.
const ADDRESS_LINES_MAX: usize = 7;

/// A document on its way onto pages, from top to bottom.
pub(super) struct Flow<'a> {
    pub(super) document: &'a InvoiceDocument,
    pub(super) accent: Colour,
    pub(super) sheet: Sheet<'a>,
    /// Where the next thing begins.
    pub(super) y: f32,
}

impl<'a> Flow<'a> {
    pub(super) fn new(document: &'a InvoiceDocument, fonts: &'a Fonts) -> Self {
        let mut flow = Self {
            document,
            accent: accent(document.kind),
            sheet: Sheet::new(fonts),
            y: TOP,
        };
        flow.band(BAND_FIRST);
        flow
    }

    pub(super) fn has_room(&self, height: f32) -> bool {
        self.y + height <= BOTTOM
    }

    /// The room that a page has below its head.
    pub(super) const fn room_of_a_page() -> f32 {
        BOTTOM - TOP - RUNNING_HEAD
    }

    /// Goes on with the next page, which says what it belongs to.
    pub(super) fn turn(&mut self) {
        self.sheet.turn();
        self.band(BAND_NEXT);
        let line = baseline(STRONG, TOP - 8.0);
        let (half, middle) = (WIDTH / 2.0, LEFT + WIDTH / 2.0);
        let heading = title(self.document);
        let place = |x, side| Place {
            x,
            width: half,
            baseline: line,
            side,
        };
        self.sheet.text(&heading, STRONG, place(LEFT, Side::Left));
        let issued = format!("Issued {}", day(self.document.issued_on));
        self.sheet.text(&issued, SMALL, place(middle, Side::Right));
        self.y = TOP + RUNNING_HEAD;
    }

    pub(super) fn rule(&mut self, x: f32, y: f32, width: f32) {
        let area = Area {
            x,
            y,
            width,
            height: HAIRLINE,
        };
        self.sheet.fill(area, LINE);
    }

    /// Texts below each other; the answer is where the next one would begin.
    pub(super) fn stack<T: AsRef<str>>(&mut self, texts: &[T], style: Style, block: Block) -> f32 {
        let mut top = block.top;
        for text in texts {
            let place = Place {
                x: block.x,
                width: block.width,
                baseline: baseline(style, top),
                side: block.side,
            };
            self.sheet.text(text.as_ref(), style, place);
            top += style.leading;
        }
        top
    }

    /// The lines of some texts, of each text not more than `each` allows and of all not more than `lines_max`.
    pub(super) fn paragraphs(
        &self,
        texts: &[String],
        style: Style,
        each: Column,
        lines_max: usize,
    ) -> Vec<String> {
        let mut all = texts
            .iter()
            .flat_map(|text| self.sheet.lines(text, style, each));
        let mut shown: Vec<String> = all.by_ref().take(lines_max).collect();
        if all.next().is_some()
            && let Some(last) = shown.last_mut()
        {
            last.push_str(" …");
        }
        shown
    }

    /// The lines of an address, long ones on two.
    pub(super) fn address(&self, lines: &[String], style: Style, width: f32) -> Vec<String> {
        let each = Column {
            width,
            lines_max: 2,
        };
        self.paragraphs(lines, style, each, ADDRESS_LINES_MAX)
    }

    pub(super) fn finish(self) -> Vec<Page> {
        let seller = contact(&self.document.seller);
        self.sheet.finish(|sheet, number, count| {
            let rule = Area {
                x: LEFT,
                y: FOOT_RULE,
                width: WIDTH,
                height: HAIRLINE,
            };
            sheet.fill(rule, LINE);
            let place = |x, width, side| Place {
                x,
                width,
                baseline: FOOT_BASELINE,
                side,
            };
            sheet.text(&seller, FINE, place(LEFT, WIDTH - 100.0, Side::Left));
            let text = format!("Page {number} of {count}");
            sheet.text(&text, FINE, place(RIGHT - 90.0, 90.0, Side::Right));
        })
    }

    fn band(&mut self, height: f32) {
        let area = Area {
            x: 0.0,
            y: 0.0,
            width: PAGE_WIDTH,
            height,
        };
        self.sheet.fill(area, self.accent);
    }
}

/// A place for texts below each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) x: f32,
    pub(super) top: f32,
    pub(super) width: f32,
    pub(super) side: Side,
}

/// The seller in one line.
fn contact(seller: &Seller) -> String {
    let tax_id = seller.tax_id.as_ref().map(|id| format!("Tax ID {id}"));
    [Some(seller.name.clone()), tax_id, seller.email.clone()]
        .into_iter()
        .flatten()
        .collect::<Vec<String>>()
        .join("  ·  ")
}
