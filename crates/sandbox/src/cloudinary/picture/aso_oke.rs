//! Aso oke: the pieces of a set, laid one upon the other, with their fringes.

use super::canvas::{Canvas, Fade, Point};
use super::cloth;
use super::colour::{Colour, GOLD, INK, Look, WHITE};
use super::paint::Paint;
use super::stage;

const USUAL: Colour = Colour(0x7D_23_38);

/// Draws a woven set.
pub fn draw(canvas: &mut Canvas, look: &Look) {
    let main = look.main(USUAL);
    let colours = look.all(USUAL);
    let other = colours.get(1).copied().unwrap_or(main.darker(40));
    stage::wall(canvas, look, other.mixed(main, 50));
    for (turn, at, size, colour) in [
        (-9, (168, 120), (336, 500), main),
        (7, (330, 178), (300, 440), other),
        (-3, (228, 330), (238, 320), main.mixed(GOLD, 48)),
    ] {
        canvas.placed(
            &format!("translate(8 20) rotate({turn} 400 400)"),
            |canvas| {
                piece(canvas, at, size, colour);
            },
        );
    }
}

fn piece(canvas: &mut Canvas, (x, y): Point, (width, height): Point, colour: Colour) {
    let outline = format!("M{x} {y} h{width} v{height} h-{width} Z");
    fringe(canvas, (x, y + height), width, colour);
    stage::shadow(canvas, &outline);
    let weave = cloth::strips(canvas, colour, GOLD.lighter(24));
    // The strips begin at the edge of the piece, as they are sewn.
    canvas.placed(&format!("translate({x} {y})"), |canvas| {
        canvas.rect((0, 0), (width, height), 4, weave);
    });
    let light = canvas.roundness();
    canvas.rect((x, y), (width, height), 4, light.faded(70));
    crease(canvas, (x, y + height / 3), width);
    crease(canvas, (x, y + height * 2 / 3), width);
    let roll = canvas.fade(
        Fade::Down,
        &[(0, WHITE, 0), (40, WHITE, 40), (100, INK, 40)],
    );
    canvas.rect((x, y), (width, 22), 8, roll);
}

/// Where the piece was folded.
fn crease(canvas: &mut Canvas, (x, y): Point, width: i32) {
    canvas.path(&format!("M{x} {y} h{width}"), Paint::line(INK, 3).faded(20));
    canvas.path(
        &format!("M{x} {} h{width}", y + 3),
        Paint::line(WHITE, 3).faded(26),
    );
}

fn fringe(canvas: &mut Canvas, (x, y): Point, width: i32, colour: Colour) {
    for knot in 0..width / 12 {
        let at = x + 6 + knot * 12;
        let thread = if knot % 3 == 0 {
            GOLD
        } else {
            colour.lighter(18)
        };
        let sway = knot % 4 - 1;
        canvas.path(
            &format!("M{at} {} q{sway} 22 {} 44", y - 2, sway * 3),
            Paint::line(thread, 5),
        );
        canvas.circle((at, y + 6), 5, thread.darker(12));
    }
}
