//! Lace: lengths in each colour, hanging from a rod, with a scalloped hem.

use super::canvas::{Canvas, Point};
use super::cloth;
use super::colour::{Colour, GOLD, Look, WOOD};
use super::paint::Paint;
use super::stage;

/// The height of the rod.
const ROD: i32 = 150;
/// The width of one scallop.
const SCALLOP: i32 = 40;
/// How far a length reaches behind its neighbour.
const OVERLAP: i32 = 44;

/// Draws lace.
pub fn draw(canvas: &mut Canvas, look: &Look) {
    let colours = look.all(GOLD);
    stage::wall(canvas, look, look.main(GOLD));
    let count = i32::try_from(colours.len()).unwrap_or(1);
    let width = (500 / count + OVERLAP) / SCALLOP * SCALLOP;
    let step = width - OVERLAP;
    let left = 400 - (step * (count - 1) + width) / 2;
    rod(canvas);
    // From the last to the first, so that the colour that the shop shows first lies on top.
    for (index, colour) in (0..count).zip(colours).rev() {
        let bottom = 642 + (count - 1 - index) % 2 * 26;
        length(canvas, look, (left + index * step, bottom), width, colour);
    }
}

fn rod(canvas: &mut Canvas) {
    let rod = format!("M96 {ROD} H704");
    canvas.path(&rod, Paint::line(WOOD.darker(20), 20));
    canvas.path(&rod, Paint::line(WOOD.lighter(12), 13));
    for x in [92, 708] {
        canvas.circle((x, ROD), 19, WOOD.darker(14));
        canvas.circle((x - 4, ROD - 5), 7, Paint::from(WOOD.lighter(40)).faded(70));
    }
}

fn length(canvas: &mut Canvas, look: &Look, (x, bottom): Point, width: i32, colour: Colour) {
    let scallops = width / SCALLOP;
    let hem = "a20 24 0 0 1 -40 0 ".repeat(usize::try_from(scallops).unwrap_or(0));
    let top = ROD - 13;
    let outline = format!("M{x} {top} H{} V{bottom} {hem}Z", x + width);
    stage::shadow(canvas, &outline);
    let lace = match look.slug.contains("voile") {
        true => cloth::eyelets(canvas, colour),
        false => cloth::corded_lace(canvas, colour),
    };
    let folds = canvas.folds(33);
    canvas.layers(&outline, [colour.darker(6).into(), lace]);
    border(canvas, (x, bottom), scallops, colour);
    canvas.layers(&outline, [folds]);
    let turned = Paint::from(colour.lighter(35)).faded(70);
    canvas.rect((x, top), (width, 12), 5, turned);
}

/// The heavier part above the hem.
fn border(canvas: &mut Canvas, (x, bottom): Point, scallops: i32, colour: Colour) {
    let cord = colour.lighter(55);
    let width = scallops * SCALLOP;
    canvas.rect(
        (x, bottom - 62),
        (width, 62),
        0,
        Paint::from(colour.darker(12)).faded(75),
    );
    for height in [66, 58] {
        let row = format!("M{} {} H{}", x + 5, bottom - height, x + width - 4);
        canvas.path(&row, Paint::dots(cord, 5, 10));
    }
    for scallop in 0..scallops {
        let middle = x + scallop * SCALLOP + SCALLOP / 2;
        cloth::lace_flower(canvas, (middle, bottom - 24), 8, cord);
        let edge = format!("M{} {bottom} a16 19 0 0 0 32 0", middle - 16);
        canvas.path(&edge, Paint::line(cord, 4));
        canvas.circle((middle, bottom + 8), 4, cord);
    }
}
