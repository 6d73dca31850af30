//! Sizes, colours and the words for days.

use chrono::NaiveDate;

use crate::DocumentKind;
use crate::fonts::Weight;
use crate::pdf::{PAGE_HEIGHT, PAGE_WIDTH};
use crate::sheet::{Colour, Style};

pub(super) const LEFT: f32 = 46.0;
pub(super) const RIGHT: f32 = PAGE_WIDTH - LEFT;
pub(super) const WIDTH: f32 = RIGHT - LEFT;
pub(super) const TOP: f32 = 44.0;
/// Where the text ends; the foot is below.
pub(super) const BOTTOM: f32 = PAGE_HEIGHT - 66.0;
pub(super) const FOOT_RULE: f32 = PAGE_HEIGHT - 50.0;
pub(super) const FOOT_BASELINE: f32 = PAGE_HEIGHT - 36.0;
pub(super) const HAIRLINE: f32 = 0.6;

pub(super) const INK: Colour = Colour(26, 32, 44);
pub(super) const MUTED: Colour = Colour(96, 106, 120);
pub(super) const LINE: Colour = Colour(214, 219, 226);
pub(super) const TINT: Colour = Colour(243, 246, 248);
pub(super) const PAPER: Colour = Colour(255, 255, 255);

const TEAL: Colour = Colour(15, 84, 92);
const RUST: Colour = Colour(146, 58, 32);

pub(super) const NAME: Style = style(16.0, 20.0, Weight::Bold, INK);
pub(super) const SMALL: Style = style(8.5, 12.0, Weight::Regular, MUTED);
pub(super) const LABEL: Style = style(7.0, 10.0, Weight::Bold, MUTED);
pub(super) const VALUE: Style = style(9.5, 13.0, Weight::Bold, INK);
pub(super) const BODY: Style = style(9.0, 12.5, Weight::Regular, INK);
pub(super) const STRONG: Style = style(9.0, 12.5, Weight::Bold, INK);
pub(super) const FINE: Style = style(7.5, 10.5, Weight::Regular, MUTED);
pub(super) const HEAD: Style = style(8.0, 12.0, Weight::Bold, PAPER);
pub(super) const SUM: Style = style(12.0, 16.0, Weight::Bold, PAPER);

const fn style(size: f32, leading: f32, weight: Weight, colour: Colour) -> Style {
    Style {
        size,
        leading,
        weight,
        colour,
    }
}

/// The big word at the top.
pub(super) const fn big(colour: Colour) -> Style {
    style(23.0, 28.0, Weight::Bold, colour)
}

/// A credit note is another colour than an invoice, so that nobody pays one.
pub(super) const fn accent(kind: DocumentKind) -> Colour {
    match kind {
        DocumentKind::Invoice => TEAL,
        DocumentKind::CreditNote => RUST,
    }
}

/// The baseline of a line whose box begins at `top`, its capitals in the middle.
pub(super) fn baseline(style: Style, top: f32) -> f32 {
    // Capitals of both fonts are 0.714 em high.
    top + style.leading / 2.0 + style.size * 0.357
}

/// `27 November 2026`: in words, because 3/4 is another day elsewhere.
pub(super) fn day(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}
