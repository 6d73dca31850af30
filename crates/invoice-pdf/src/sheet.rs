//! Pages as lists of marks. Templates place marks on a sheet; [`pdf`](crate::pdf) draws them.
//!
//! Lengths are in points, counted from a page's upper left corner. No mark is ever wider than the place it was given.

use crate::fonts::{Fonts, Run, Weight};
use crate::wrap::{Column, cut, wrap};

/// Words are measured one by one and lines as a whole, which may differ by a hair.
const HAIR: f32 = 0.25;

/// At this size the largest amount that there is fits the narrowest place for one. Amounts of any shop are far from it.
const FIGURE_SIZE_MIN: f32 = 3.5;

/// Red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) u8, pub(crate) u8, pub(crate) u8);

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    pub(crate) size: f32,
    /// From one baseline to the next.
    pub(crate) leading: f32,
    pub(crate) weight: Weight,
    pub(crate) colour: Colour,
}

/// A stretch of a baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    pub(crate) x: f32,
    pub(crate) width: f32,
    pub(crate) baseline: f32,
    pub(crate) side: Side,
}

/// The end of its place that a text begins at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

/// One thing on a page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mark {
    Text {
        x: f32,
        baseline: f32,
        size: f32,
        colour: Colour,
        run: Run,
    },
    Fill {
        area: Area,
        colour: Colour,
    },
}

/// What is on one page, from back to front.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Page {
    pub(crate) marks: Vec<Mark>,
}

/// Pages under construction. Marks go onto the last one.
pub(crate) struct Sheet<'a> {
    fonts: &'a Fonts,
    pages: Vec<Page>,
    page: Page,
}

impl<'a> Sheet<'a> {
    /// One empty page.
    pub(crate) fn new(fonts: &'a Fonts) -> Self {
        Self {
            fonts,
            pages: Vec::new(),
            page: Page::default(),
        }
    }

    /// Begins another page.
    pub(crate) fn turn(&mut self) {
        self.pages.push(std::mem::take(&mut self.page));
    }

    /// Puts onto every page what takes all of them to know, such as how many there are.
    pub(crate) fn finish(mut self, foot: impl Fn(&mut Self, usize, usize)) -> Vec<Page> {
        self.turn();
        let unfinished = std::mem::take(&mut self.pages);
        let count = unfinished.len();
        for (index, page) in unfinished.into_iter().enumerate() {
            self.page = page;
            foot(&mut self, index + 1, count);
            self.turn();
        }
        self.pages
    }

    /// A coloured rectangle.
    pub(crate) fn fill(&mut self, area: Area, colour: Colour) {
        self.page.marks.push(Mark::Fill { area, colour });
    }

    /// A text, cut with an ellipsis if it is wider than its place.
    pub(crate) fn text(&mut self, text: &str, style: Style, place: Place) {
        let run = self.shaped(text, style);
        self.put_fitted(run, style, place);
    }

    /// An amount: made smaller before it is cut, for a figure cut short is another figure.
    pub(crate) fn figure(&mut self, text: &str, style: Style, place: Place) {
        let run = self.shaped(text, style);
        let natural = run.width * style.size;
        let size = if natural > place.width {
            (style.size * place.width / natural).max(FIGURE_SIZE_MIN)
        } else {
            style.size
        };
        self.put_fitted(run, Style { size, ..style }, place);
    }

    /// The lines of a text in a column of this width.
    pub(crate) fn lines(&self, text: &str, style: Style, column: Column) -> Vec<String> {
        wrap(&self.fonts.printable(text), column, |part| {
            self.fonts.measure(part, style.weight) * style.size
        })
    }

    /// How wide a text is if nothing is cut.
    pub(crate) fn width(&self, text: &str, style: Style) -> f32 {
        let text = self.fonts.printable(text);
        self.fonts.measure(&text, style.weight) * style.size
    }

    fn shaped(&self, text: &str, style: Style) -> Run {
        self.fonts.shape(self.fonts.printable(text), style.weight)
    }

    fn put_fitted(&mut self, run: Run, style: Style, place: Place) {
        if run.width * style.size <= place.width + HAIR {
            self.put(run, style, place);
        } else {
            let shorter = cut(&run.text, place.width, |part| {
                self.fonts.measure(part, style.weight) * style.size
            });
            let run = self.fonts.shape(shorter, style.weight);
            self.put(run, style, place);
        }
    }

    fn put(&mut self, run: Run, style: Style, place: Place) {
        if run.glyphs.is_empty() {
            return;
        }
        let x = match place.side {
            Side::Left => place.x,
            Side::Right => place.x + place.width - run.width * style.size,
        };
        self.page.marks.push(Mark::Text {
            x,
            baseline: place.baseline,
            size: style.size,
            colour: style.colour,
            run,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style {
        size: 10.0,
        leading: 12.0,
        weight: Weight::Regular,
        colour: Colour(0, 0, 0),
    };

    fn sheet() -> Sheet<'static> {
        Sheet::new(Fonts::embedded().unwrap())
    }

    fn place(width: f32, side: Side) -> Place {
        Place {
            x: 100.0,
            width,
            baseline: 50.0,
            side,
        }
    }

    fn only_text(sheet: Sheet<'_>) -> (f32, f32, f32, String) {
        let pages = sheet.finish(|_sheet, _number, _count| {});
        let [Page { marks }] = pages.as_slice() else {
            panic!("one page was expected");
        };
        let [Mark::Text { x, size, run, .. }] = marks.as_slice() else {
            panic!("one text was expected");
        };
        (*x, run.width * size, *size, run.text.clone())
    }

    #[test]
    fn a_text_begins_at_its_side() {
        for side in [Side::Left, Side::Right] {
            let mut sheet = sheet();
            sheet.text("total", STYLE, place(200.0, side));
            let (x, width, ..) = only_text(sheet);
            let expected = if side == Side::Left {
                100.0
            } else {
                300.0 - width
            };
            assert!((x - expected).abs() < 0.01);
        }
    }

    #[test]
    fn a_text_wider_than_its_place_is_cut() {
        let mut sheet = sheet();
        sheet.text(&"long ".repeat(50), STYLE, place(60.0, Side::Left));
        let (_, width, size, text) = only_text(sheet);
        assert!(width <= 60.0 && text.ends_with('…'), "{width} {text}");
        assert!((size - STYLE.size).abs() < f32::EPSILON);
    }

    #[test]
    fn a_figure_wider_than_its_place_becomes_smaller_and_stays_whole() {
        let mut sheet = sheet();
        sheet.figure("₦123,456,789.00", STYLE, place(60.0, Side::Right));
        let (x, width, size, text) = only_text(sheet);
        assert_eq!(text, "₦123,456,789.00");
        assert!(size < STYLE.size && width <= 60.0 + HAIR);
        assert!(x >= 100.0 - HAIR);
    }

    #[test]
    fn the_foot_knows_the_number_of_pages() {
        let mut sheet = sheet();
        sheet.turn();
        sheet.turn();
        let pages = sheet.finish(|sheet, number, count| {
            let text = format!("{number} of {count}");
            sheet.text(&text, STYLE, place(90.0, Side::Left));
        });
        let texts: Vec<&str> = pages
            .iter()
            .flat_map(|page| &page.marks)
            .filter_map(|mark| match mark {
                Mark::Text { run, .. } => Some(run.text.as_str()),
                Mark::Fill { .. } => None,
            })
            .collect();
        assert_eq!(texts, ["1 of 3", "2 of 3", "3 of 3"]);
    }
}
