//! For the pantry: sacks and jars.

use super::canvas::{Canvas, Fade, Point, Stamp};
use super::colour::{Colour, INK, Look, WHITE, WOOD};
use super::paint::Paint;
use super::scatter::scatter;
use super::stage;

const JUTE: Colour = Colour(0xC9_A4_70);
const RICE: Colour = Colour(0xEA_D9_BC);
const HIBISCUS: Colour = Colour(0x7E_15_33);

/// Draws food: petals by name, and a sack otherwise.
pub fn draw(canvas: &mut Canvas, look: &Look) {
    match look.slug.contains("petal") {
        true => petals(canvas, look),
        false => sack(canvas, look),
    }
}

fn sack(canvas: &mut Canvas, look: &Look) {
    let jute = look.main(JUTE);
    stage::table(canvas, look, Colour(0x9A_A8_86));
    stage::ground(canvas, 400, 680, 274);
    let body = "M206 330 C170 420 150 540 168 640 Q176 684 230 686 H570 Q624 684 632 640 \
               C650 540 630 420 594 330 Z";
    let weave = burlap(canvas, jute);
    let light = canvas.roundness();
    canvas.layers(body, [weave.clone(), light.clone()]);
    for crease in [
        "M236 396 C216 480 214 560 226 650",
        "M568 400 C588 480 588 560 576 640",
        "M300 640 Q400 664 504 636",
    ] {
        canvas.path(crease, Paint::line(INK, 9).faded(17));
    }
    badge(canvas, jute);
    heap(canvas);
    let rim = "M190 314 C220 372 580 372 610 314 C632 330 630 362 606 376 C540 424 260 \
              424 194 376 C170 362 168 330 190 314 Z";
    canvas.within(body, |canvas| {
        canvas.placed("translate(0 10)", |canvas| {
            canvas.path(rim, Paint::from(INK).faded(24));
        });
    });
    canvas.layers(rim, [weave, light]);
    canvas.path(
        "M186 352 C240 410 560 410 614 352",
        Paint::line(jute.darker(50), 3).dashed("10 8").faded(80),
    );
    spilt(canvas);
}

fn burlap(canvas: &mut Canvas, jute: Colour) -> Paint {
    canvas.pattern((12, 12), "", |tile| {
        tile.rect((0, 0), (12, 12), 0, jute);
        tile.rect((0, 0), (6, 6), 0, jute.darker(14));
        tile.rect((6, 6), (6, 6), 0, jute.darker(14));
        tile.rect((0, 5), (12, 1), 0, jute.lighter(30));
        tile.rect((5, 0), (1, 12), 0, jute.lighter(22));
    })
}

/// An ear of rice in a round print.
fn badge(canvas: &mut Canvas, jute: Colour) {
    let print = Colour(0x3F_5B_3C);
    canvas.circle((400, 534), 96, Paint::from(jute.lighter(50)).faded(80));
    canvas.circle((400, 534), 96, Paint::line(print, 6));
    canvas.circle((400, 534), 84, Paint::dots(print, 4, 12));
    canvas.path("M400 604 C398 560 400 520 404 470", Paint::line(print, 5));
    for (y, turn) in [(582, 34), (556, 32), (530, 30), (504, 26)] {
        for side in [-1, 1] {
            canvas.placed(
                &format!("translate(401 {y}) rotate({})", side * turn),
                |canvas| {
                    canvas.path("M0 0 C-14 -14 -10 -34 0 -44 C10 -34 14 -14 0 0 Z", print);
                },
            );
        }
    }
}

/// Rice up to over the rim.
fn heap(canvas: &mut Canvas) {
    let outline = "M196 330 C230 250 330 214 400 212 C470 214 570 250 604 330 Q580 392 \
                  400 394 Q220 392 196 330 Z";
    canvas.path(outline, RICE.darker(26));
    canvas.within(outline, |canvas| {
        grains(canvas, scatter((186, 206), (432, 190), (17, 10)));
        let light = canvas.roundness();
        canvas.path(outline, light.faded(60));
    });
}

/// Grains as short strokes, all of one shade in one path: there are hundreds.
fn grains(canvas: &mut Canvas, points: Vec<(i32, Point)>) {
    let shades = [
        RICE.darker(34),
        RICE.darker(10),
        RICE.lighter(28),
        RICE.lighter(60),
        RICE.mixed(Colour(0x9A_4F_34), 40),
    ];
    let mut strokes = vec![String::new(); shades.len()];
    for (number, (x, y)) in points {
        let (right, down) = (6 + number % 6, number / 7 % 15 - 7);
        // One grain in nine keeps some of its red skin; the others come in four shades.
        let shade = if number % 9 == 0 { 4 } else { number % 4 };
        let shade = usize::try_from(shade).unwrap_or(0);
        if let Some(stroke) = strokes.get_mut(shade) {
            stroke.push_str(&format!("M{x} {y}l{right} {down}"));
        }
    }
    for (shade, stroke) in shades.into_iter().zip(&strokes) {
        canvas.path(stroke, Paint::line(shade, 7));
    }
}

fn spilt(canvas: &mut Canvas) {
    for corner in [(96, 700), (622, 706)] {
        let points = scatter(corner, (96, 44), (24, 15));
        canvas.placed("translate(2 5)", |canvas| {
            let shades: String = points
                .iter()
                .map(|(_, (x, y))| format!("M{x} {y}l8 2"))
                .collect();
            canvas.path(&shades, Paint::line(INK, 7).faded(20));
        });
        grains(canvas, points);
    }
}

fn petals(canvas: &mut Canvas, look: &Look) {
    let hibiscus = look.main(HIBISCUS);
    stage::table(canvas, look, hibiscus.lighter(30));
    stage::ground(canvas, 370, 676, 236);
    let glass = "M196 300 Q196 268 232 262 H508 Q544 268 544 300 V628 Q544 676 496 676 \
                H244 Q196 676 196 628 Z";
    canvas.path(glass, Paint::from(WHITE).faded(46));
    let filling =
        "M206 352 Q290 330 370 346 T534 346 V624 Q534 666 492 666 H248 Q206 666 206 624 Z";
    canvas.path(filling, hibiscus.darker(40));
    let stamps = petal_stamps(canvas, hibiscus);
    canvas.within(filling, |canvas| {
        for (number, at) in scatter((196, 336), (352, 336), (32, 28)) {
            put_petal(canvas, &stamps, number, at);
        }
    });
    let light = canvas.roundness();
    canvas.layers(glass, [light.faded(50), Paint::line(WHITE, 5).faded(80)]);
    canvas.rect((222, 318), (20, 290), 10, Paint::from(WHITE).faded(46));
    cork(canvas);
    tag(canvas, hibiscus);
    flower(canvas, (600, 610), hibiscus);
    for (number, (x, y)) in (3..).zip([(140, 706), (196, 724), (470, 726), (712, 720)]) {
        stage::ground(canvas, x - 6, y + 18, 34);
        put_petal(canvas, &stamps, number, (x, y));
    }
}

/// A dried petal in each of its shades.
fn petal_stamps(canvas: &mut Canvas, hibiscus: Colour) -> [Stamp; 4] {
    let red = hibiscus.mixed(Colour(0xC2_2F_4F), 50);
    [hibiscus, hibiscus.lighter(14), red, hibiscus.darker(24)].map(|colour| {
        canvas.stamp(|canvas| {
            let outline = "M0 26 C-26 12 -22 -20 -4 -30 C4 -22 10 -30 14 -22 C28 -4 18 18 0 26 Z";
            canvas.path(outline, colour);
            canvas.path(outline, Paint::line(colour.darker(50), 2).faded(60));
            canvas.path("M0 22 Q-2 0 2 -20", Paint::line(INK, 2).faded(34));
        })
    })
}

fn put_petal(canvas: &mut Canvas, stamps: &[Stamp; 4], number: i32, at: Point) {
    let shade = usize::try_from(number % 4).unwrap_or(0);
    if let Some(stamp) = stamps.get(shade) {
        canvas.put_stamp(stamp, at, number * 53 % 360);
    }
}

fn cork(canvas: &mut Canvas) {
    let light = canvas.roundness();
    canvas.rect((226, 196), (288, 76), 14, WOOD.lighter(24));
    canvas.rect((226, 196), (288, 76), 14, light);
    for (_, at) in scatter((236, 204), (268, 60), (32, 20)) {
        canvas.ellipse(at, (4, 2), Paint::from(WOOD.darker(40)).faded(60));
    }
    canvas.rect((212, 256), (316, 22), 11, Paint::from(WHITE).faded(70));
}

fn tag(canvas: &mut Canvas, hibiscus: Colour) {
    let paper = Colour(0xF6_EA_D4);
    canvas.circle((370, 500), 84, Paint::from(INK).faded(26));
    canvas.circle((370, 496), 84, paper);
    canvas.circle((370, 496), 74, Paint::line(hibiscus, 3).dashed("6 7"));
    canvas.ring(5, (370, 496), |canvas| {
        canvas.path(
            "M370 492 C342 478 346 444 370 440 C394 444 398 478 370 492 Z",
            hibiscus.lighter(12),
        );
    });
    canvas.circle((370, 496), 9, Colour(0xE9_B0_3A));
}

fn flower(canvas: &mut Canvas, (x, y): Point, hibiscus: Colour) {
    stage::ground(canvas, x, y + 86, 110);
    let red = hibiscus.mixed(Colour(0xE0_3A_5B), 62);
    let fall = canvas.fade(Fade::Outwards, &[(0, INK, 0), (100, INK, 26)]);
    canvas.ring(5, (x, y), |canvas| {
        let petal = format!(
            "M{x} {y} C{} {} {} {} {} {} Q{x} {} {} {} C{} {} {} {} {x} {y} Z",
            x - 64,
            y - 20,
            x - 76,
            y - 84,
            x - 26,
            y - 108,
            y - 92,
            x + 26,
            y - 108,
            x + 76,
            y - 84,
            x + 64,
            y - 20,
        );
        canvas.layers(
            &petal,
            [red.into(), fall.clone(), Paint::line(hibiscus, 3).faded(60)],
        );
        canvas.path(
            &format!("M{x} {} V{}", y - 20, y - 80),
            Paint::line(hibiscus, 4).faded(50),
        );
    });
    canvas.circle((x, y), 24, hibiscus.darker(20));
    canvas.path(
        &format!("M{x} {y} q18 -34 52 -54"),
        Paint::line(Colour(0xF0_C2_4A), 8),
    );
    canvas.path(
        &format!("M{} {} q14 -16 30 -26", x + 22, y - 32),
        Paint::dots(Colour(0xFB_E3_90), 12, 14),
    );
}
