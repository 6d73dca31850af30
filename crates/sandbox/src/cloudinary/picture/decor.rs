//! For the house: baskets, and the bronze head, which has a module of its own.

use super::bronze_head;
use super::canvas::Canvas;
use super::colour::{Colour, INK, Look};
use super::paint::Paint;
use super::stage;

const GRASS: Colour = Colour(0xD6_AE_6A);
const RUST: Colour = Colour(0xA2_46_2C);
const INDIGO: Colour = Colour(0x35_46_73);

/// Draws decor: the head by name, and a basket otherwise.
pub fn draw(canvas: &mut Canvas, look: &Look) {
    match look.slug.contains("head") {
        true => bronze_head::draw(canvas, look),
        false => basket(canvas, look),
    }
}

fn basket(canvas: &mut Canvas, look: &Look) {
    let grass = look.main(GRASS);
    stage::table(canvas, look, Colour(0x8A_7F_9C));
    stage::ground(canvas, 400, 672, 256);
    let light = canvas.roundness();
    let body = "M190 330 Q400 390 610 330 C636 430 630 540 592 626 Q576 662 536 668 Q400 \
               692 264 668 Q224 662 208 626 C170 540 164 430 190 330 Z";
    canvas.layers(body, [grass.into()]);
    canvas.within(body, |canvas| rows(canvas, grass));
    canvas.layers(body, [light.clone()]);
    let lid = "M170 318 C180 250 290 212 400 212 C510 212 620 250 630 318 Q630 342 606 \
              348 Q400 404 194 348 Q170 342 170 318 Z";
    canvas.within(body, |canvas| {
        canvas.placed("translate(0 14)", |canvas| {
            canvas.path(lid, Paint::from(INK).faded(28));
        });
    });
    canvas.layers(lid, [grass.lighter(8).into()]);
    canvas.within(lid, |canvas| lid_rows(canvas, grass));
    canvas.layers(lid, [light.clone()]);
    let knob = "M362 222 Q358 176 400 174 Q442 176 438 222 Q400 236 362 222 Z";
    canvas.layers(knob, [RUST.into(), light]);
}

/// Coils from the rim to the foot, with bands of dyed grass among them.
fn rows(canvas: &mut Canvas, grass: Colour) {
    for row in 0..20 {
        let y = 340 + row * 17;
        let coil = format!("M150 {y} Q400 {} 650 {y}", y + 58);
        let (colour, stitches) = match row {
            3 | 4 | 13 | 14 => (RUST, "20 12"),
            5..=7 | 10..=12 => (INDIGO, "14 30"),
            8 | 9 => (RUST, "30 14"),
            _ => (grass.lighter(24), "5 9"),
        };
        canvas.path(
            &coil,
            Paint::line(grass.darker(10 + 6 * u32::from(row % 2 == 0)), 17),
        );
        // Each coil begins elsewhere, so that the dyed stitches step like a staircase.
        canvas.placed(
            &format!("translate({} 0)", (row * 11) % 44 - 22),
            |canvas| {
                canvas.path(&coil, Paint::line(colour, 11).dashed(stitches).faded(88));
            },
        );
        canvas.path(
            &format!("M150 {} Q400 {} 650 {}", y + 8, y + 66, y + 8),
            Paint::line(INK, 2).faded(38),
        );
    }
}

fn lid_rows(canvas: &mut Canvas, grass: Colour) {
    for row in 0..8 {
        let (rx, ry) = (250 - row * 28, 76 - row * 8);
        let at = (400, 290 - row * 9);
        let (colour, stitches) = match row {
            1 | 4 => (RUST, "20 12"),
            2 | 5 => (INDIGO, "14 26"),
            _ => (grass.lighter(26), "5 9"),
        };
        canvas.ellipse(at, (rx, ry), Paint::line(grass.darker(12), 18));
        canvas.ellipse(
            at,
            (rx, ry),
            Paint::line(colour, 10).dashed(stitches).faded(88),
        );
        canvas.ellipse((at.0, at.1 + 8), (rx, ry), Paint::line(INK, 2).faded(34));
    }
}
