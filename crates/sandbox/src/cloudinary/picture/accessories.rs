//! What goes with the clothes: beads, bags and fans.

use super::canvas::{Canvas, Fade};
use super::colour::{Colour, GOLD, INK, Look, WHITE};
use super::paint::Paint;
use super::stage;

const CORAL: Colour = Colour(0xD9_58_3B);
const TAN: Colour = Colour(0xB6_7B_47);
const RAFFIA: Colour = Colour(0xDC_BA_7C);

/// Draws an accessory: beads and fans by name, and a bag otherwise.
pub fn draw(canvas: &mut Canvas, look: &Look) {
    match look.slug {
        slug if slug.contains("bead") => beads(canvas, look),
        slug if slug.contains("fan") => fan(canvas, look),
        _ => bag(canvas, look),
    }
}

fn beads(canvas: &mut Canvas, look: &Look) {
    let coral = look.main(CORAL);
    stage::table(canvas, look, coral);
    stage::ground(canvas, 400, 640, 240);
    let bust = "M338 128 Q400 116 462 128 C458 210 466 256 500 286 C560 306 622 330 634 396 C640 470 \
                596 550 566 616 \
                Q556 640 530 644 Q400 660 270 644 Q244 640 234 616 C204 550 160 470 166 \
                396 C178 330 240 306 300 286 C334 256 342 210 338 128 Z";
    let light = canvas.roundness();
    let linen = Colour(0xEF_E4_D6);
    canvas.layers(bust, [linen.into(), light.faded(60)]);
    canvas.ellipse((400, 130), (62, 11), linen.darker(24));
    canvas.within(bust, |canvas| {
        for (strand, size) in [
            (
                "M334 236 C336 330 366 374 400 374 C434 374 464 330 466 236",
                22,
            ),
            (
                "M314 262 C314 386 354 440 400 440 C446 440 486 386 486 262",
                27,
            ),
            (
                "M286 278 C282 440 342 518 400 518 C458 518 518 440 514 278",
                32,
            ),
        ] {
            string_of_beads(canvas, strand, size, coral);
        }
    });
    bracelet(canvas, coral);
    for x in [584, 650] {
        earring(canvas, x, coral);
    }
}

/// Beads along a line, each with a shade and a light.
fn string_of_beads(canvas: &mut Canvas, line: &str, size: i32, colour: Colour) {
    let apart = size - 1;
    canvas.placed("translate(4 7)", |canvas| {
        canvas.path(line, Paint::dots(INK, size, apart).faded(22));
    });
    canvas.path(line, Paint::dots(colour.darker(30), size, apart));
    canvas.placed("translate(-1 -2)", |canvas| {
        canvas.path(line, Paint::dots(colour, size - 5, apart));
    });
    canvas.placed("translate(-4 -5)", |canvas| {
        canvas.path(line, Paint::dots(colour.lighter(58), size / 4, apart));
    });
}

fn bracelet(canvas: &mut Canvas, coral: Colour) {
    stage::ground(canvas, 190, 712, 110);
    string_of_beads(
        canvas,
        "M104 684 C104 640 276 640 276 684",
        22,
        coral.darker(16),
    );
    string_of_beads(canvas, "M100 692 C100 740 280 740 280 692", 27, coral);
    canvas.rect((174, 712), (34, 30), 9, GOLD.darker(16));
    canvas.rect((178, 715), (24, 18), 6, GOLD.lighter(30));
}

fn earring(canvas: &mut Canvas, x: i32, coral: Colour) {
    stage::ground(canvas, x, 748, 30);
    canvas.path(
        &format!("M{x} 676 q-14 -22 4 -28 q14 0 10 14"),
        Paint::line(GOLD, 5),
    );
    for (y, size) in [(690, 13), (715, 17)] {
        canvas.circle((x, y), size, coral.darker(26));
        canvas.circle((x - 2, y - 2), size - 3, coral);
        canvas.circle((x - 5, y - 6), 4, coral.lighter(60));
    }
    canvas.circle((x, 738), 8, GOLD);
}

fn bag(canvas: &mut Canvas, look: &Look) {
    let colours = look.all(TAN);
    let main = look.main(TAN);
    stage::table(canvas, look, main);
    stage::ground(canvas, 400, 664, 290);
    if let Some(other) = colours.get(1) {
        canvas.placed("translate(112 -66) scale(0.92)", |canvas| {
            one_bag(canvas, *other);
        });
    }
    let shift = if colours.len() > 1 {
        "translate(-44 0)"
    } else {
        ""
    };
    canvas.placed(shift, |canvas| one_bag(canvas, main));
}

fn one_bag(canvas: &mut Canvas, leather: Colour) {
    let strap = "M236 372 C232 120 568 120 564 372";
    canvas.path(strap, Paint::line(leather.darker(46), 25));
    canvas.path(strap, Paint::line(leather.darker(14), 18));
    canvas.path(
        strap,
        Paint::line(leather.lighter(46), 2).dashed("9 8").faded(80),
    );
    let body = "M222 366 H578 Q596 366 600 386 L624 622 Q626 664 588 664 H212 Q174 664 \
               176 622 L200 386 Q204 366 222 366 Z";
    stage::shadow(canvas, body);
    let light = canvas.roundness();
    canvas.layers(body, [leather.into(), light.clone()]);
    canvas.path(
        "M212 392 L190 622 Q190 650 214 650 H586 Q610 650 610 622 L588 392",
        Paint::line(leather.lighter(46), 3).dashed("10 8").faded(75),
    );
    let flap = "M214 352 H586 Q606 352 607 374 L612 470 C612 530 540 552 400 552 C260 \
               552 188 530 188 470 L193 374 Q194 352 214 352 Z";
    canvas.placed("translate(3 12)", |canvas| {
        canvas.path(flap, Paint::from(INK).faded(28));
    });
    let fall = canvas.fade(
        Fade::Down,
        &[(0, WHITE, 34), (30, WHITE, 6), (100, INK, 22)],
    );
    canvas.layers(flap, [leather.lighter(7).into(), light.faded(45), fall]);
    canvas.path(
        "M204 376 L201 468 C204 518 276 538 400 538 C524 538 596 518 599 468 L596 376",
        Paint::line(leather.lighter(52), 3).dashed("10 8").faded(85),
    );
    buckle(canvas, leather);
}

fn buckle(canvas: &mut Canvas, leather: Colour) {
    canvas.rect((374, 486), (52, 112), 22, leather.darker(34));
    canvas.rect(
        (380, 492),
        (40, 100),
        17,
        Paint::line(leather.lighter(30), 2).dashed("7 6").faded(70),
    );
    canvas.rect((364, 520), (72, 44), 9, Paint::line(GOLD.darker(26), 11));
    canvas.rect((364, 519), (72, 44), 9, Paint::line(GOLD.lighter(16), 7));
    canvas.path("M400 524 V562", Paint::line(GOLD.lighter(30), 6));
    for ring in [(238, 372), (562, 372)] {
        canvas.circle(ring, 17, Paint::line(GOLD.darker(20), 9));
        canvas.circle(ring, 17, Paint::line(GOLD.lighter(24), 5));
    }
}

fn fan(canvas: &mut Canvas, look: &Look) {
    let raffia = look.main(RAFFIA);
    let (red, green) = (Colour(0xA6_3A_2B), Colour(0x3E_6B_4A));
    stage::wall(canvas, look, Colour(0x6F_93_7A));
    canvas.placed("rotate(18 400 400)", |canvas| {
        stage::shadow(
            canvas,
            "M400 96 A234 234 0 1 1 399 96 Z M384 560 H416 V760 H384 Z",
        );
        grip(canvas);
        let weave = weave(canvas, raffia);
        canvas.ring(48, (400, 330), |canvas| {
            canvas.path("M388 108 Q400 78 412 108 Z", raffia.darker(8));
        });
        canvas.circle((400, 330), 234, raffia.darker(18));
        canvas.circle((400, 330), 228, weave);
        for (radius, colour, width) in [
            (206, red, 15),
            (176, green, 9),
            (112, red, 11),
            (58, green, 20),
        ] {
            canvas.circle(
                (400, 330),
                radius,
                Paint::line(colour, width).dashed("15 14"),
            );
        }
        canvas.ring(16, (400, 330), |canvas| {
            canvas.path("M400 202 L382 176 H418 Z", red);
            canvas.path("M400 198 L391 230 L400 246 L409 230 Z", green);
        });
        canvas.circle((400, 330), 30, red);
        canvas.circle((400, 330), 14, raffia.lighter(30));
        let light = canvas.roundness();
        canvas.circle((400, 330), 234, light.faded(55));
    });
}

fn weave(canvas: &mut Canvas, raffia: Colour) -> Paint {
    canvas.pattern((24, 24), "", |tile| {
        tile.rect((0, 0), (24, 24), 0, raffia.darker(22));
        for (x, y, width, height) in [
            (0, 1, 12, 10),
            (12, 13, 12, 10),
            (13, 0, 10, 12),
            (1, 12, 10, 12),
        ] {
            let strand = if width > height {
                raffia
            } else {
                raffia.lighter(26)
            };
            tile.rect((x, y), (width, height), 3, strand);
        }
    })
}

fn grip(canvas: &mut Canvas) {
    let light = canvas.roundness();
    canvas.rect((381, 540), (38, 222), 17, TAN.darker(34));
    canvas.rect((381, 540), (38, 222), 17, light);
    for y in [590, 606, 622, 700, 716] {
        canvas.path(
            &format!("M383 {y} q17 9 34 0"),
            Paint::line(TAN.lighter(36), 4),
        );
    }
}
