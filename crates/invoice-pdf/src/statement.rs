//! A statement: a heading and sections of plain lines, for somebody outside who has to be told what happened.

use chrono::NaiveDate;
use serde::Serialize;
use uuid::Uuid;

use crate::RenderError;
use crate::fonts::{Fonts, Weight};
use crate::pdf::{self, PAGE_HEIGHT, PAGE_WIDTH};
use crate::sheet::{Colour, Page, Place, Sheet, Side, Style};
use crate::wrap::Column;

const LEFT: f32 = 46.0;
const WIDTH: f32 = PAGE_WIDTH - 2.0 * LEFT;
const TOP: f32 = 54.0;
/// Where the text ends; the foot is below.
const BOTTOM: f32 = PAGE_HEIGHT - 66.0;
const FOOT: f32 = PAGE_HEIGHT - 36.0;
/// Above a section.
const GAP: f32 = 12.0;
/// A longer paragraph ends in an ellipsis.
const LINES_MAX: usize = 60;

const INK: Colour = Colour(26, 32, 44);
const MUTED: Colour = Colour(96, 106, 120);

const TITLE: Style = style(16.0, 24.0, Weight::Bold, INK);
const HEADING: Style = style(9.5, 15.0, Weight::Bold, INK);
const BODY: Style = style(9.0, 12.5, Weight::Regular, INK);
const FINE: Style = style(7.5, 10.5, Weight::Regular, MUTED);

const fn style(size: f32, leading: f32, weight: Weight, colour: Colour) -> Style {
    Style {
        size,
        leading,
        weight,
        colour,
    }
}

/// What a statement says: everything that is printed, and nothing that has to be looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementDocument {
    /// What it is, in a line.
    pub title: String,
    /// Who states it.
    pub author: String,
    /// The day of issue where the shop is.
    pub issued_on: NaiveDate,
    /// What there is to say.
    pub sections: Vec<Section>,
}

/// A part of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// What it is about.
    pub heading: String,
    /// Paragraphs; long ones are broken into lines.
    pub paragraphs: Vec<String>,
}

/// Prints a statement. Equal statements become equal bytes, as with [`render`](crate::render).
///
/// # Errors
/// A fault of this build.
pub fn render_statement(statement: &StatementDocument) -> Result<Vec<u8>, RenderError> {
    let fonts = Fonts::embedded().ok_or(RenderError::Fonts)?;
    let content = serde_json::to_vec(statement).map_err(RenderError::Content)?;
    let about = pdf::About {
        title: fonts.printable(&statement.title),
        author: fonts.printable(&statement.author),
        created_on: statement.issued_on,
        id: Uuid::new_v5(&Uuid::NAMESPACE_OID, &content),
    };
    pdf::draw(&lay_out(statement, fonts), &about, fonts)
}

fn lay_out(statement: &StatementDocument, fonts: &Fonts) -> Vec<Page> {
    let mut flow = Flow {
        sheet: Sheet::new(fonts),
        y: TOP,
    };
    flow.paragraph(&statement.title, TITLE);
    let issued = statement.issued_on.format("%-d %B %Y");
    flow.paragraph(&format!("{}, {issued}", statement.author), FINE);
    for section in &statement.sections {
        flow.y += GAP;
        flow.paragraph(&section.heading, HEADING);
        for paragraph in &section.paragraphs {
            flow.paragraph(paragraph, BODY);
        }
    }
    flow.sheet.finish(|sheet, number, count| {
        let foot = Place {
            x: LEFT,
            width: WIDTH,
            baseline: FOOT,
            side: Side::Right,
        };
        sheet.text(&format!("Page {number} of {count}"), FINE, foot);
    })
}

/// A statement on its way onto pages, from top to bottom.
struct Flow<'a> {
    sheet: Sheet<'a>,
    /// Where the next line begins.
    y: f32,
}

impl Flow<'_> {
    fn paragraph(&mut self, text: &str, style: Style) {
        let column = Column {
            width: WIDTH,
            lines_max: LINES_MAX,
        };
        for line in self.sheet.lines(text, style, column) {
            if self.y + style.leading > BOTTOM {
                self.sheet.turn();
                self.y = TOP;
            }
            let place = Place {
                x: LEFT,
                width: WIDTH,
                baseline: self.y + style.leading * 0.75,
                side: Side::Left,
            };
            self.sheet.text(&line, style, place);
            self.y += style.leading;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::Mark;

    fn statement(paragraphs: usize) -> StatementDocument {
        StatementDocument {
            title: "Statement on dispute 7".to_owned(),
            author: "Agape".to_owned(),
            issued_on: NaiveDate::from_ymd_opt(2026, 1, 14).unwrap(),
            sections: vec![Section {
                heading: "The order".to_owned(),
                paragraphs: vec!["2 x Royal lace, ₦1,500.00".to_owned(); paragraphs],
            }],
        }
    }

    #[test]
    fn everything_is_said_in_order_and_goes_on_with_the_next_page() {
        let fonts = Fonts::embedded().unwrap();
        let pages = lay_out(&statement(100), fonts);
        assert_eq!(pages.len(), 2);
        let texts = pages.iter().flat_map(|page| &page.marks);
        let texts: Vec<&str> = texts
            .filter_map(|mark| match mark {
                Mark::Text { run, .. } => Some(run.text.as_str()),
                Mark::Fill { .. } => None,
            })
            .collect();
        assert_eq!(
            texts[..3],
            [
                "Statement on dispute 7",
                "Agape, 14 January 2026",
                "The order"
            ]
        );
        let said = texts
            .iter()
            .filter(|text| **text == "2 x Royal lace, ₦1,500.00");
        assert_eq!(said.count(), 100);
    }

    #[test]
    fn the_same_statement_is_the_same_file() {
        let once = render_statement(&statement(3)).unwrap();
        assert!(once.starts_with(b"%PDF-"));
        assert_eq!(once, render_statement(&statement(3)).unwrap());
        assert_ne!(once, render_statement(&statement(4)).unwrap());
    }
}
