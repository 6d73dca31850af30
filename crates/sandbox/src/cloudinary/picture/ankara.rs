//! Ankara and other prints: a folded stack on a table, and one end hanging over it to show the print.

use super::canvas::{Canvas, Fade};
use super::cloth;
use super::colour::{Colour, INK, Look, WHITE};
use super::paint::Paint;
use super::stage;

const USUAL: Colour = Colour(0xC6_4B_2E);

/// Draws a printed fabric.
pub fn draw(canvas: &mut Canvas, look: &Look) {
    let main = look.main(USUAL);
    stage::table(canvas, look, main);
    stage::ground(canvas, 400, 662, 360);
    // Drawn a little small, and brought up to the size of the stage as a whole.
    canvas.placed("translate(-52 -68) scale(1.13)", |canvas| {
        stack(canvas, look, main);
    });
}

fn stack(canvas: &mut Canvas, look: &Look, main: Colour) {
    let colours = look.all(USUAL);
    let other = colours.get(1).copied().unwrap_or(main.darker(45));
    let print = print(canvas, look, main, "translate(34 20)");
    let other_print = print_of_the_other(canvas, look, other);
    for (top, inset, paint) in [
        (580, 0, &other_print),
        (514, 10, &print),
        (448, 4, &other_print),
        (382, 14, &print),
    ] {
        fold(canvas, top, inset, paint);
    }
    top_side(canvas, &print);
    let larger = self::print(canvas, look, main, "translate(66 46) scale(1.2)");
    hanging_end(canvas, &larger, main);
}

fn print(canvas: &mut Canvas, look: &Look, colour: Colour, place: &str) -> Paint {
    match look.slug.contains("peacock") {
        true => cloth::peacock(canvas, colour, place),
        false => cloth::sunburst(canvas, colour, place),
    }
}

/// A single colour is stacked with plain cloth between, which shows the print better than more of it.
fn print_of_the_other(canvas: &mut Canvas, look: &Look, colour: Colour) -> Paint {
    match look.all(USUAL).len() {
        1 => colour.into(),
        _ => print(canvas, look, colour, "translate(34 20)"),
    }
}

/// One folded piece, seen from its front.
fn fold(canvas: &mut Canvas, top: i32, inset: i32, paint: &Paint) {
    let (at, size) = ((132 + inset, top), (536 - inset * 2, 66));
    let stops = [(0, WHITE, 30), (30, WHITE, 0), (60, INK, 8), (100, INK, 48)];
    let light = canvas.fade(Fade::Down, &stops);
    canvas.rect(at, size, 30, paint.clone());
    canvas.rect(at, size, 30, light);
    let (left, right) = (at.0 + 20, at.0 + size.0 - 10);
    for line in [22, 43] {
        let edge = format!(
            "M{left} {} Q400 {} {right} {}",
            top + line,
            top + line + 3,
            top + line
        );
        canvas.path(&edge, Paint::line(INK, 3).faded(36));
        canvas.placed("translate(0 3)", |canvas| {
            canvas.path(&edge, Paint::line(WHITE, 2).faded(22));
        });
    }
}

fn top_side(canvas: &mut Canvas, print: &Paint) {
    let outline = "M214 300 H586 Q600 300 608 312 L650 392 Q654 402 640 402 H160 Q146 \
                  402 150 392 L192 312 Q200 300 214 300 Z";
    let light = canvas.fade(
        Fade::Down,
        &[(0, INK, 22), (70, WHITE, 14), (100, WHITE, 26)],
    );
    canvas.layers(outline, [print.clone(), light]);
}

fn hanging_end(canvas: &mut Canvas, print: &Paint, colour: Colour) {
    let outline = "M292 300 H512 C520 330 540 366 546 404 L554 656 Q520 670 486 658 T420 660 T352 658 \
                   T260 660 L256 404 \
                   C262 366 284 330 292 300 Z";
    canvas.placed("translate(-20 -8)", |canvas| stage::shadow(canvas, outline));
    stage::shadow(canvas, outline);
    let folds = canvas.folds(46);
    let stops = [
        (0, INK, 20),
        (26, WHITE, 24),
        (34, WHITE, 10),
        (60, INK, 0),
        (100, INK, 22),
    ];
    let light = canvas.fade(Fade::Down, &stops);
    canvas.layers(outline, [print.clone(), folds.faded(80), light]);
    canvas.path(
        "M262 648 Q306 658 352 646 T420 648 T486 646 T553 644",
        Paint::line(colour.darker(50), 5).faded(70),
    );
}
