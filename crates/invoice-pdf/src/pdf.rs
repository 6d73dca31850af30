//! Draws pages of marks as a PDF. Nothing of the day or the machine goes in, so equal pages become equal bytes.

use chrono::{Datelike, NaiveDate};
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};
use uuid::Uuid;

use crate::RenderError;
use crate::fonts::{Fonts, Run};
use crate::sheet::{Area, Colour, Mark, Page};

/// A4.
pub(crate) const PAGE_WIDTH: f32 = 595.28;
pub(crate) const PAGE_HEIGHT: f32 = 841.89;

/// What a reader shows beside the pages.
pub(crate) struct About {
    pub(crate) title: String,
    pub(crate) author: String,
    pub(crate) created_on: NaiveDate,
    pub(crate) id: Uuid,
}

/// The pages as a file.
///
/// # Errors
/// Whatever the PDF library refuses.
pub(crate) fn draw(pages: &[Page], about: &About, fonts: &Fonts) -> Result<Vec<u8>, RenderError> {
    let settings = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT)
        .ok_or_else(|| RenderError::Pdf("the page has no size".to_owned()))?;
    let mut document = Document::new_with(SerializeSettings::default());
    for page in pages {
        let mut drawn = document.start_page_with(settings.clone());
        let mut surface = drawn.surface();
        for mark in &page.marks {
            draw_mark(&mut surface, mark, fonts);
        }
        surface.finish();
        drawn.finish();
    }
    document.set_metadata(metadata(about));
    document
        .finish()
        .map_err(|error| RenderError::Pdf(format!("{error:?}")))
}

fn draw_mark(surface: &mut Surface<'_>, mark: &Mark, fonts: &Fonts) {
    match mark {
        Mark::Fill { area, colour } => {
            if let Some(path) = rectangle(*area) {
                surface.set_fill(Some(fill(*colour)));
                surface.draw_path(&path);
            }
        }
        Mark::Text {
            x,
            baseline,
            size,
            colour,
            run,
        } => {
            surface.set_fill(Some(fill(*colour)));
            surface.draw_glyphs(
                Point::from_xy(*x, *baseline),
                &glyphs(run),
                fonts.drawn(run.weight),
                &run.text,
                *size,
                false,
            );
        }
    }
}

fn rectangle(area: Area) -> Option<krilla::geom::Path> {
    let mut path = PathBuilder::new();
    path.push_rect(Rect::from_xywh(area.x, area.y, area.width, area.height)?);
    path.finish()
}

fn fill(Colour(red, green, blue): Colour) -> Fill {
    Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::default(),
    }
}

fn glyphs(run: &Run) -> Vec<KrillaGlyph> {
    run.glyphs
        .iter()
        .map(|glyph| {
            KrillaGlyph::new(
                GlyphId::new(glyph.id),
                glyph.advance,
                glyph.x_offset,
                glyph.y_offset,
                0.0,
                glyph.bytes.clone(),
                None,
            )
        })
        .collect()
}

fn metadata(about: &About) -> Metadata {
    Metadata::new()
        .title(about.title.clone())
        .authors(vec![about.author.clone()])
        .language("en".to_owned())
        .document_id(about.id.to_string())
        .creation_date(midnight(about.created_on))
}

/// A day as the moment it begins. A document says its day in the shop's zone and not which zone that is, so the
/// moment has none either.
fn midnight(day: NaiveDate) -> DateTime {
    let small = |number: u32| u8::try_from(number).unwrap_or(1);
    DateTime::new(u16::try_from(day.year()).unwrap_or_default())
        .month(small(day.month()))
        .day(small(day.day()))
}
