//! A canvas of 800 by 800: shapes go on it in the order in which they are drawn, and it comes out as SVG.
//!
//! Everything is drawn with the few shapes here; coordinates are whole, and nothing on a canvas comes from a request.

use super::colour::{Colour, INK, WHITE};
use super::paint::{Paint, decimal};
use crate::cloudinary::transformation::{Fitting, Frame, ORIGINAL_SIDE};

/// Across and down, from the upper left corner.
pub type Point = (i32, i32);

/// A picture that is being drawn.
#[derive(Debug, Default)]
pub struct Canvas {
    defs: String,
    body: String,
    defined: u32,
}

/// A picture that is finished, without its size.
#[derive(Debug)]
pub struct Picture(String);

/// Something that a canvas can draw again.
#[derive(Debug)]
pub struct Stamp(String);

/// Which way a fade runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fade {
    /// From left to right.
    Across,
    /// From top to bottom.
    Down,
    /// From the middle outwards.
    Outwards,
}

impl Canvas {
    /// A form, given as SVG writes paths.
    pub fn path(&mut self, outline: &str, paint: impl Into<Paint>) {
        let paint = paint.into();
        self.put(&format!("<path d=\"{outline}\"{paint}/>"));
    }

    /// The same form again and again, each paint upon the one before.
    pub fn layers(&mut self, outline: &str, paints: impl IntoIterator<Item = Paint>) {
        for paint in paints {
            self.path(outline, paint);
        }
    }

    /// A circle around a point.
    pub fn circle(&mut self, (x, y): Point, radius: i32, paint: impl Into<Paint>) {
        let paint = paint.into();
        self.put(&format!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"{paint}/>"
        ));
    }

    /// An ellipse around a point, with its two radii.
    pub fn ellipse(&mut self, (x, y): Point, (rx, ry): Point, paint: impl Into<Paint>) {
        let paint = paint.into();
        self.put(&format!(
            "<ellipse cx=\"{x}\" cy=\"{y}\" rx=\"{rx}\" ry=\"{ry}\"{paint}/>"
        ));
    }

    /// A rectangle from its upper left corner, with its size and the radius of its corners.
    pub fn rect(
        &mut self,
        (x, y): Point,
        (width, height): Point,
        radius: i32,
        paint: impl Into<Paint>,
    ) {
        let paint = paint.into();
        self.put(&format!(
"<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"{paint}/>"
        ));
    }

    /// What is drawn, moved or turned.
    pub fn placed(&mut self, transform: &str, draw: impl FnOnce(&mut Self)) {
        self.put(&format!("<g transform=\"{transform}\">"));
        draw(self);
        self.put("</g>");
    }

    /// What is drawn, so many times in a ring around a point.
    pub fn ring(&mut self, count: i32, (x, y): Point, draw: impl FnOnce(&mut Self)) {
        let id = self.new_id();
        self.put(&format!("<g id=\"{id}\">"));
        draw(self);
        self.put("</g>");
        for turn in 1..count {
            let tenths = turn * 3600 / count.max(1);
            self.put(&format!(
                "<use href=\"#{id}\" transform=\"rotate({}.{} {x} {y})\"/>",
                tenths / 10,
                tenths % 10
            ));
        }
    }

    /// What is drawn, as far as it lies within an outline.
    pub fn within(&mut self, outline: &str, draw: impl FnOnce(&mut Self)) {
        let id = self.new_id();
        self.defs.push_str(&format!(
            "<clipPath id=\"{id}\"><path d=\"{outline}\"/></clipPath>"
        ));
        self.put(&format!("<g clip-path=\"url(#{id})\">"));
        draw(self);
        self.put("</g>");
    }

    /// What is drawn, with soft edges.
    pub fn soft(&mut self, draw: impl FnOnce(&mut Self)) {
        let id = self.new_id();
        self.defs.push_str(&format!(
            "<filter id=\"{id}\" x=\"-20%\" y=\"-20%\" width=\"140%\" height=\"140%\">\
             <feGaussianBlur stdDeviation=\"9\"/></filter>"
        ));
        self.put(&format!("<g filter=\"url(#{id})\">"));
        draw(self);
        self.put("</g>");
    }

    /// Something to be put on the canvas later, and often.
    pub fn stamp(&mut self, draw: impl FnOnce(&mut Self)) -> Stamp {
        let before = std::mem::take(&mut self.body);
        draw(self);
        let drawn = std::mem::replace(&mut self.body, before);
        let id = self.new_id();
        self.defs.push_str(&format!("<g id=\"{id}\">{drawn}</g>"));
        Stamp(id)
    }

    /// A stamp, with its origin at a point and turned by so many degrees.
    pub fn put_stamp(&mut self, Stamp(id): &Stamp, (x, y): Point, turn: i32) {
        self.put(&format!(
            "<use href=\"#{id}\" transform=\"translate({x} {y}) rotate({turn})\"/>"
        ));
    }

    /// A paint that repeats a tile.
    pub fn pattern(
        &mut self,
        (width, height): Point,
        transform: &str,
        draw: impl FnOnce(&mut Self),
    ) -> Paint {
        let before = std::mem::take(&mut self.body);
        draw(self);
        let tile = std::mem::replace(&mut self.body, before);
        let id = self.new_id();
        self.defs.push_str(&format!(
            "<pattern id=\"{id}\" width=\"{width}\" height=\"{height}\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"{transform}\">{tile}</pattern>"
        ));
        Paint::defined(&id)
    }

    /// A paint that runs through colours: where (in hundredths), which one, and how dense (in hundredths).
    pub fn fade(&mut self, fade: Fade, stops: &[(u32, Colour, u32)]) -> Paint {
        let (tag, place) = match fade {
            Fade::Across => ("linearGradient", ""),
            Fade::Down => ("linearGradient", " x2=\"0\" y2=\"1\""),
            Fade::Outwards => ("radialGradient", ""),
        };
        self.gradient(tag, place, stops)
    }

    /// The light from the left on something round.
    pub fn roundness(&mut self) -> Paint {
        let stops = [
            (0, INK, 12),
            (18, WHITE, 26),
            (42, WHITE, 0),
            (70, INK, 10),
            (100, INK, 42),
        ];
        self.fade(Fade::Across, &stops)
    }

    /// The light on cloth that falls in folds, so many apart.
    pub fn folds(&mut self, apart: i32) -> Paint {
        let place = format!(
            " gradientUnits=\"userSpaceOnUse\" x1=\"0\" y1=\"0\" x2=\"{apart}\" y2=\"2\" \
             spreadMethod=\"reflect\""
        );
        let stops = [(0, WHITE, 20), (45, WHITE, 2), (62, INK, 4), (100, INK, 30)];
        self.gradient("linearGradient", &place, &stops)
    }

    fn gradient(&mut self, tag: &str, place: &str, stops: &[(u32, Colour, u32)]) -> Paint {
        let id = self.new_id();
        let stops: String = stops
            .iter()
            .map(|(at, colour, density)| {
                format!(
                    "<stop offset=\"{at}%\" stop-color=\"{colour}\" stop-opacity=\"{}\"/>",
                    decimal(*density)
                )
            })
            .collect();
        self.defs
            .push_str(&format!("<{tag} id=\"{id}\"{place}>{stops}</{tag}>"));
        Paint::defined(&id)
    }

    fn new_id(&mut self) -> String {
        self.defined += 1;
        format!("d{}", self.defined)
    }

    fn put(&mut self, markup: &str) {
        self.body.push_str(markup);
    }

    /// The finished picture.
    #[must_use]
    pub fn finish(self) -> Picture {
        Picture(format!("<defs>{}</defs>{}</svg>", self.defs, self.body))
    }
}

impl Picture {
    /// The picture as a file of this size.
    #[must_use]
    pub fn framed(&self, frame: Frame) -> String {
        let Frame { width, height, .. } = frame;
        let fitting = match frame.fitting {
            Fitting::Cover => "xMidYMid slice",
            Fitting::Stretch => "none",
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {ORIGINAL_SIDE} {ORIGINAL_SIDE}\" preserveAspectRatio=\"{fitting}\">{}",
            self.0
        )
    }
}
