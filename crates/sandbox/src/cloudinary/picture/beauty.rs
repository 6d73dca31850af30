//! For the skin: jars and soap.

use super::canvas::{Canvas, Fade, Point};
use super::colour::{Colour, INK, Look, WHITE, WOOD};
use super::paint::Paint;
use super::scatter::scatter;
use super::stage;

const BUTTER: Colour = Colour(0xF1_E2_B4);
const SOAP: Colour = Colour(0x4A_38_2E);
const AMBER: Colour = Colour(0x9A_56_22);
const LEAF: Colour = Colour(0x5B_7F_4B);

/// Draws what is for the skin: soap by name, and an open jar otherwise.
pub fn draw(canvas: &mut Canvas, look: &Look) {
    match look.slug.contains("soap") {
        true => soap(canvas, look),
        false => jar(canvas, look),
    }
}

fn jar(canvas: &mut Canvas, look: &Look) {
    let butter = look.main(BUTTER);
    stage::table(canvas, look, LEAF.mixed(butter, 40));
    for (x, y, turn) in [(196, 596, -48), (150, 622, -84), (604, 590, 40)] {
        leaf(canvas, (x, y), turn);
    }
    stage::ground(canvas, 390, 662, 232);
    let glass = "M204 388 Q204 366 226 366 H554 Q576 366 576 388 V604 Q576 664 516 664 \
                H264 Q204 664 204 604 Z";
    let light = canvas.roundness();
    canvas.layers(glass, [AMBER.into(), light.clone()]);
    canvas.rect((226, 388), (22, 236), 11, Paint::from(WHITE).faded(30));
    label(canvas, butter);
    let mouth = "M216 330 H564 V372 Q390 410 216 372 Z";
    canvas.layers(mouth, [AMBER.darker(14).into(), light]);
    canvas.ellipse((390, 332), (174, 44), AMBER.darker(30));
    cream(canvas, butter);
    for (x, y, size) in [(612, 668, 46), (690, 700, 38), (660, 640, 34)] {
        nut(canvas, (x, y), size);
    }
}

fn label(canvas: &mut Canvas, butter: Colour) {
    let paper = butter.lighter(62);
    canvas.rect((204, 440), (372, 150), 0, paper);
    let light = canvas.roundness();
    canvas.rect((204, 440), (372, 150), 0, light.faded(55));
    for y in [452, 578] {
        canvas.path(&format!("M206 {y} H574"), Paint::line(LEAF.darker(20), 3));
    }
    canvas.ring(10, (390, 515), |canvas| {
        canvas.path(
            "M390 507 C378 488 384 470 390 462 C396 470 402 488 390 507 Z",
            LEAF,
        );
    });
    canvas.circle((390, 515), 9, AMBER);
    for (from, to) in [(238, 318), (462, 542)] {
        canvas.path(&format!("M{from} 515 H{to}"), Paint::dots(AMBER, 6, 16));
    }
}

/// A whipped heap that stands over the rim.
fn cream(canvas: &mut Canvas, butter: Colour) {
    for (outline, colour) in [
        (
            "M232 334 C232 270 300 258 390 258 C480 258 548 270 548 334 Q390 392 232 334 Z",
            butter,
        ),
        (
            "M262 286 C270 226 330 214 396 214 C462 214 512 232 516 284 Q396 330 262 286 Z",
            butter.lighter(18),
        ),
        (
            "M304 236 C318 180 360 196 398 148 C410 186 470 186 478 238 Q394 268 304 236 Z",
            butter.lighter(34),
        ),
    ] {
        let light = canvas.roundness();
        canvas.layers(outline, [colour.into(), light.faded(42)]);
    }
    for line in [
        "M262 318 Q390 358 524 312",
        "M288 268 Q400 300 494 266",
        "M336 224 Q396 244 452 214",
    ] {
        canvas.path(line, Paint::line(butter.darker(22), 5).faded(60));
    }
}

fn leaf(canvas: &mut Canvas, (x, y): Point, turn: i32) {
    canvas.placed(&format!("translate({x} {y}) rotate({turn})"), |canvas| {
        let outline = "M0 60 C-52 10 -44 -90 0 -140 C44 -90 52 10 0 60 Z";
        stage::shadow(canvas, outline);
        let light = canvas.roundness();
        canvas.layers(outline, [LEAF.into(), light]);
        canvas.path("M0 66 V-120", Paint::line(LEAF.lighter(46), 5));
        canvas.within(outline, leaf_veins);
    });
}

fn leaf_veins(canvas: &mut Canvas) {
    for vein in [-90, -60, -30, 0, 30] {
        canvas.path(
            &format!(
                "M-30 {} Q-12 {} 0 {} Q12 {} 30 {}",
                vein - 22,
                vein - 2,
                vein + 4,
                vein - 2,
                vein - 22
            ),
            Paint::line(LEAF.lighter(40), 3).faded(70),
        );
    }
}

fn nut(canvas: &mut Canvas, (x, y): Point, size: i32) {
    let shell = Colour(0x6E_41_28);
    stage::ground(canvas, x, y + size * 3 / 4, size);
    canvas.ellipse((x, y), (size, size * 4 / 5), shell);
    canvas.path(
        &format!(
            "M{} {} q{} {size} {} 0",
            x - size * 3 / 5,
            y + size / 3,
            size * 3 / 5,
            size * 6 / 5
        ),
        Paint::from(shell.lighter(26)).faded(80),
    );
    canvas.ellipse(
        (x - size / 3, y - size / 3),
        (size / 4, size / 7),
        Paint::from(WHITE).faded(55),
    );
}

fn soap(canvas: &mut Canvas, look: &Look) {
    let soap = look.main(SOAP);
    stage::table(canvas, look, Colour(0x9A_8B_6E));
    leaf(canvas, (640, 520), 34);
    leaf(canvas, (170, 540), -40);
    stage::ground(canvas, 400, 690, 310);
    dish(canvas);
    bar(canvas, (178, 452), soap.lighter(6));
    bar(canvas, (222, 306), soap);
    for (x, y, size) in [
        (608, 404, 32),
        (650, 358, 19),
        (590, 352, 14),
        (676, 410, 12),
        (168, 412, 22),
        (140, 372, 12),
    ] {
        bubble(canvas, (x, y), size);
    }
}

fn dish(canvas: &mut Canvas) {
    let light = canvas.roundness();
    for x in [176, 560] {
        canvas.rect((x, 652), (64, 38), 8, WOOD.darker(40));
    }
    canvas.rect((112, 600), (576, 60), 18, WOOD);
    canvas.rect((112, 600), (576, 60), 18, light.faded(80));
    for x in [196, 292, 388, 484, 580] {
        canvas.rect((x, 600), (14, 60), 4, Paint::from(INK).faded(30));
    }
    canvas.rect((122, 603), (556, 6), 3, Paint::from(WHITE).faded(30));
}

/// One cut bar, from the upper left corner of its front.
fn bar(canvas: &mut Canvas, (x, y): Point, soap: Colour) {
    let top = format!(
        "M{} {y} l44 -44 q8 -8 22 -8 h270 q14 0 22 8 l44 44 Z",
        x - 1
    );
    let front =
        format!("M{x} {y} h400 q6 0 6 8 v124 q0 16 -16 16 h-380 q-16 0 -16 -16 v-124 q0 -8 6 -8 Z");
    stage::shadow(canvas, &front);
    canvas.path(&top, soap.lighter(24));
    let fall = canvas.fade(
        Fade::Down,
        &[(0, WHITE, 18), (40, WHITE, 0), (100, INK, 34)],
    );
    let light = canvas.roundness();
    canvas.layers(&front, [soap.into(), fall, light.faded(60)]);
    canvas.within(&front, |canvas| grain(canvas, (x, y), soap));
    let stamp = (x + 200, y + 72);
    canvas.circle(stamp, 48, Paint::line(soap.lighter(34), 4));
    canvas.ring(8, stamp, |canvas| {
        canvas.ellipse(
            (stamp.0, stamp.1 - 24),
            (6, 15),
            Paint::line(soap.lighter(34), 4),
        );
    });
}

/// Flecks of ash and bran.
fn grain(canvas: &mut Canvas, (x, y): Point, soap: Colour) {
    for (number, at) in scatter((x, y + 6), (400, 136), (44, 26)) {
        let colour = if number % 3 == 0 {
            soap.lighter(50)
        } else {
            soap.darker(60)
        };
        canvas.ellipse(at, (2 + number % 4, 2), Paint::from(colour).faded(60));
    }
}

fn bubble(canvas: &mut Canvas, at: Point, size: i32) {
    canvas.circle(at, size, Paint::from(WHITE).faded(34));
    canvas.circle(at, size, Paint::line(WHITE, 3).faded(85));
    canvas.ellipse(
        (at.0 - size / 3, at.1 - size / 3),
        (size / 4, size / 5),
        Paint::from(WHITE).faded(90),
    );
}
