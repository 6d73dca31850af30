//! The two fonts inside this crate, and what becomes of a text in them.
//!
//! A text is shaped once. What is measured for the layout is what is drawn later, glyph by glyph, so a text that was
//! found to fit does fit.

use std::ops::Range;
use std::sync::LazyLock;

use rustybuzz::{Direction, Face, GlyphBuffer, ShapePlan, UnicodeBuffer, script};

use crate::printable::printable;

static REGULAR: &[u8] = include_bytes!("../fonts/NotoSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../fonts/NotoSans-Bold.ttf");

/// Reading half a megabyte each time would cost as much as the page.
static FONTS: LazyLock<Option<Fonts>> = LazyLock::new(Fonts::read);

/// Which of the two fonts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// Both fonts.
pub(crate) struct Fonts {
    regular: Typeface,
    bold: Typeface,
    /// By code point, whether both have it. Asking the fonts for each letter of a page takes longer than shaping it.
    covered: Vec<bool>,
}

/// One font, for whoever measures and for whoever draws.
struct Typeface {
    face: Face<'static>,
    plan: ShapePlan,
    units_per_em: f32,
    drawn: krilla::text::Font,
}

/// A text as glyphs; lengths are in ems.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) text: String,
    pub(crate) weight: Weight,
    pub(crate) glyphs: Vec<Glyph>,
    pub(crate) width: f32,
}

/// One glyph, and which bytes of the text it stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Glyph {
    pub(crate) id: u32,
    pub(crate) advance: f32,
    pub(crate) x_offset: f32,
    pub(crate) y_offset: f32,
    pub(crate) bytes: Range<usize>,
}

impl Fonts {
    /// The fonts, unless they cannot be read, which only a damaged build could bring about.
    pub(crate) fn embedded() -> Option<&'static Self> {
        FONTS.as_ref()
    }

    fn read() -> Option<Self> {
        let (regular, bold) = (Typeface::read(REGULAR)?, Typeface::read(BOLD)?);
        let both_have = |character: char| {
            let has = |typeface: &Typeface| typeface.face.glyph_index(character).is_some();
            has(&regular) && has(&bold)
        };
        // Neither has anything outside the first plane.
        let covered = (0..=0xFFFF)
            .map(|code_point| char::from_u32(code_point).is_some_and(both_have))
            .collect();
        Some(Self {
            regular,
            bold,
            covered,
        })
    }

    /// What draws in this weight.
    pub(crate) fn drawn(&self, weight: Weight) -> krilla::text::Font {
        self.typeface(weight).drawn.clone()
    }

    /// The text as far as the fonts have it: see [`printable`].
    pub(crate) fn printable(&self, raw: &str) -> String {
        printable(raw, |character| self.cover(character))
    }

    /// Whether both fonts have the character, so that a text may be set in either.
    pub(crate) fn cover(&self, character: char) -> bool {
        let code_point = usize::try_from(u32::from(character));
        code_point.is_ok_and(|index| self.covered.get(index).copied().unwrap_or_default())
    }

    /// The text as glyphs. What the fonts lack becomes their empty box; callers ask [`Self::printable`] first.
    pub(crate) fn shape(&self, text: String, weight: Weight) -> Run {
        let typeface = self.typeface(weight);
        let glyphs = typeface.glyphs(&text);
        Run {
            width: glyphs.iter().map(|glyph| glyph.advance).sum(),
            text,
            weight,
            glyphs,
        }
    }

    /// How wide the text is in ems.
    pub(crate) fn measure(&self, text: &str, weight: Weight) -> f32 {
        self.typeface(weight).width(text)
    }

    const fn typeface(&self, weight: Weight) -> &Typeface {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }
}

impl Typeface {
    fn read(data: &'static [u8]) -> Option<Self> {
        let face = Face::from_slice(data, 0)?;
        // One plan serves all: the fonts have only scripts that run from left to right and are set as Latin is.
        let plan = ShapePlan::new(
            &face,
            Direction::LeftToRight,
            Some(script::LATIN),
            None,
            &[],
        );
        Some(Self {
            units_per_em: in_units(face.units_per_em()),
            drawn: krilla::text::Font::new(data.into(), 0)?,
            face,
            plan,
        })
    }

    fn shape(&self, text: &str) -> GlyphBuffer {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.set_direction(Direction::LeftToRight);
        buffer.set_script(script::LATIN);
        rustybuzz::shape_with_plan(&self.face, &self.plan, buffer)
    }

    fn width(&self, text: &str) -> f32 {
        self.shape(text)
            .glyph_positions()
            .iter()
            .map(|position| self.in_ems(position.x_advance))
            .sum()
    }

    fn glyphs(&self, text: &str) -> Vec<Glyph> {
        let shaped = self.shape(text);
        let mut glyphs: Vec<Glyph> = shaped
            .glyph_infos()
            .iter()
            .zip(shaped.glyph_positions())
            .map(|(info, position)| {
                let start = usize::try_from(info.cluster).unwrap_or(text.len());
                Glyph {
                    id: info.glyph_id,
                    advance: self.in_ems(position.x_advance),
                    x_offset: self.in_ems(position.x_offset),
                    y_offset: self.in_ems(position.y_offset),
                    bytes: start..text.len(),
                }
            })
            .collect();
        end_where_the_next_begins(&mut glyphs);
        glyphs
    }

    fn in_ems(&self, units: i32) -> f32 {
        in_units(units) / self.units_per_em
    }
}

/// Glyphs of one letter share its bytes, so a glyph's end is the next start that differs from its own.
fn end_where_the_next_begins(glyphs: &mut [Glyph]) {
    let mut next: Option<Range<usize>> = None;
    for glyph in glyphs.iter_mut().rev() {
        if let Some(next) = next {
            glyph.bytes.end = if next.start == glyph.bytes.start {
                next.end
            } else {
                next.start
            };
        }
        next = Some(glyph.bytes.clone());
    }
}

/// A length in the font's own units. Fonts state them in sixteen bits, so none is ever out of range.
fn in_units(units: i32) -> f32 {
    i16::try_from(units).map_or(0.0, f32::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use money::Currency;

    use crate::amount_text::amount_text;
    use crate::printable::PLACEHOLDER;

    const BOTH: [Weight; 2] = [Weight::Regular, Weight::Bold];

    fn has_all_glyphs(text: &str) -> bool {
        let fonts = Fonts::embedded().unwrap();
        BOTH.into_iter().all(|weight| {
            let run = fonts.shape(text.to_owned(), weight);
            run.glyphs.iter().all(|glyph| glyph.id != 0)
        })
    }

    #[test]
    fn every_currency_sign_has_a_glyph() {
        for currency in Currency::ALL {
            let amount = "1234567.89".parse().unwrap();
            let text = amount_text(amount, currency);
            assert!(has_all_glyphs(&text), "{text}");
        }
    }

    #[test]
    fn names_of_our_customers_have_glyphs() {
        for name in [
            "Adébáyọ̀ Ọlátúnjí",
            "Ngozi Ọkọńkwọ",
            "Ɓala Ɗan Ƙasa",
            "Kofi Ɛdem Ŋɔ",
            "N’Golo Koné-Traoré",
            "Zoë Müller & Søns, Łódź",
            "Ελένη Παπά",
            "Иван Шевчук",
        ] {
            assert!(has_all_glyphs(name), "{name}");
            assert_eq!(Fonts::embedded().unwrap().printable(name), name);
        }
    }

    #[test]
    fn what_is_missing_becomes_a_placeholder_with_a_glyph() {
        let fonts = Fonts::embedded().unwrap();
        let text = fonts.printable("Tea 茶 🎁 \u{FE0F}عطر");
        assert_eq!(text.matches(PLACEHOLDER).count(), 5);
        assert!(has_all_glyphs(&text));
    }

    #[test]
    fn the_placeholder_and_what_the_templates_print_are_covered() {
        let fonts = Fonts::embedded().unwrap();
        for character in [PLACEHOLDER, '…', '·', '–', '-', ','] {
            assert!(fonts.cover(character), "{character}");
        }
    }

    #[test]
    fn each_glyph_knows_its_letter() {
        let fonts = Fonts::embedded().unwrap();
        let run = fonts.shape("aọ́b".to_owned(), Weight::Regular);
        let letters: Vec<&str> = run
            .glyphs
            .iter()
            .map(|glyph| &run.text[glyph.bytes.clone()])
            .collect();
        assert_eq!(letters.first(), Some(&"a"));
        assert_eq!(letters.last(), Some(&"b"));
        assert!(
            letters[1..letters.len() - 1]
                .iter()
                .all(|letter| *letter == "ọ́")
        );
    }

    #[test]
    fn figures_are_all_as_wide_so_that_amounts_stand_in_columns() {
        let fonts = Fonts::embedded().unwrap();
        for weight in BOTH {
            let one = fonts.measure("1", weight);
            for figure in "023456789".chars() {
                let width = fonts.measure(&figure.to_string(), weight);
                assert!((width - one).abs() < f32::EPSILON, "{figure}");
            }
        }
    }
}
