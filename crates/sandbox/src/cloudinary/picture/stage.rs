//! What is behind and under a thing: a quiet wall in its own tint, something pale to stand out from, and its shadow.

use super::canvas::{Canvas, Fade};
use super::colour::{CREAM, Colour, INK, Look, WHITE, WOOD};
use super::paint::Paint;

/// Where the wall ends and the table begins.
const EDGE: i32 = 600;

/// A wall for things that hang.
pub fn wall(canvas: &mut Canvas, look: &Look, tint: Colour) {
    let (top, bottom) = (CREAM.mixed(tint, 13), CREAM.mixed(tint, 24));
    let paint = canvas.fade(Fade::Down, &[(0, top, 100), (100, bottom, 100)]);
    canvas.rect((0, 0), (800, 800), 0, paint);
    let pale = Paint::from(CREAM.lighter(60)).faded(62);
    match look.choice(3) {
        0 => canvas.circle((400, 410), 318, pale),
        1 => canvas.path("M110 800 V380 A290 290 0 0 1 690 380 V800 Z", pale),
        _ => canvas.rect((96, 76), (608, 660), 60, pale),
    }
}

/// A wall and a table for things that stand.
pub fn table(canvas: &mut Canvas, look: &Look, tint: Colour) {
    wall(canvas, look, tint);
    let (back, front) = (CREAM.mixed(tint, 36), CREAM.mixed(tint, 26));
    let top = [(0, back.darker(6), 100), (100, front, 100)];
    let paint = canvas.fade(Fade::Down, &top);
    canvas.rect((0, EDGE), (800, 800 - EDGE), 0, paint);
    canvas.rect((0, EDGE), (800, 3), 0, Paint::from(WHITE).faded(40));
}

/// The shadow under a thing that stands with its foot at this height.
pub fn ground(canvas: &mut Canvas, x: i32, y: i32, half_width: i32) {
    let stops = [(0, INK, 46), (55, INK, 26), (100, INK, 0)];
    let paint = canvas.fade(Fade::Outwards, &stops);
    canvas.ellipse((x + 14, y), (half_width, half_width / 7 + 8), paint);
}

/// The shadow of a thing that hangs or lies, given by its outline.
pub fn shadow(canvas: &mut Canvas, outline: &str) {
    canvas.soft(|canvas| {
        canvas.placed("translate(12 16)", |canvas| {
            canvas.path(outline, Paint::from(INK).faded(24));
        });
    });
}

/// A wooden hanger whose shoulders reach this far from the middle, and this far down.
pub fn hanger(canvas: &mut Canvas, half_width: i32, low: i32) {
    let steel = Colour(0x8C_8A_88);
    canvas.path(
        "M400 172 V160 C400 140 432 142 430 118 C428 96 394 94 384 114",
        Paint::line(steel, 8),
    );
    let (left, right) = (400 - half_width, 400 + half_width);
    let arms = format!("M{left} {low} Q400 146 {right} {low}");
    canvas.path(&arms, Paint::line(WOOD.darker(24), 22));
    canvas.path(&arms, Paint::line(WOOD, 17));
    canvas.path(&arms, Paint::line(WOOD.lighter(30), 4).faded(70));
}
