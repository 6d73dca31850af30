//! A head in bronze, as they are cast in Benin City: a cap of beads, strands beside the face, a high collar.

use super::canvas::{Canvas, Fade, Point};
use super::colour::{Colour, INK, Look, WHITE, WOOD};
use super::paint::Paint;
use super::stage;

const BRONZE: Colour = Colour(0x8A_62_35);

/// Draws the head.
pub fn draw(canvas: &mut Canvas, look: &Look) {
    let bronze = look.main(BRONZE);
    stage::table(canvas, look, Colour(0x5F_7F_83));
    stage::ground(canvas, 400, 694, 220);
    let light = canvas.roundness();
    base(canvas, &light);
    collar(canvas, bronze, &light);
    face(canvas, bronze, &light);
    for side in ["", "matrix(-1 0 0 1 800 0)"] {
        canvas.placed(side, |canvas| {
            eye(canvas, (352, 352), bronze);
            strands(canvas, bronze);
        });
    }
    nose_and_mouth(canvas, bronze);
    cap(canvas, bronze, &light);
}

fn base(canvas: &mut Canvas, light: &Paint) {
    canvas.rect((236, 632), (328, 62), 8, WOOD.darker(52));
    canvas.rect((236, 632), (328, 62), 8, light.clone());
    canvas.rect(
        (236, 632),
        (328, 7),
        3,
        Paint::from(WOOD.lighter(30)).faded(60),
    );
}

fn collar(canvas: &mut Canvas, bronze: Colour, light: &Paint) {
    for row in 0..7 {
        let (y, reach) = (476 + row * 24, 102 + row * 5);
        let ring = format!("M{} {y} Q400 {} {} {y}", 400 - reach, y + 34, 400 + reach);
        canvas.path(&ring, Paint::line(bronze.darker(44), 25));
        canvas.path(&ring, Paint::line(bronze, 19));
        canvas.path(&ring, Paint::dots(bronze.lighter(34), 9, 22).faded(75));
    }
    canvas.path("M280 470 H520 L536 650 H264 Z", light.clone().faded(75));
}

fn face(canvas: &mut Canvas, bronze: Colour, light: &Paint) {
    for ear in [
        "M284 336 q-34 -6 -26 40 q6 36 32 40 Z",
        "M516 336 q34 -6 26 40 q-6 36 -32 40 Z",
    ] {
        canvas.path(ear, bronze.darker(28));
    }
    let outline = "M282 260 H518 C530 340 520 410 494 460 C470 504 434 524 400 524 C366 \
                  524 330 504 306 460 C280 410 270 340 282 260 Z";
    canvas.placed("translate(4 12)", |canvas| {
        canvas.path(outline, Paint::from(INK).faded(30));
    });
    let fall = canvas.fade(
        Fade::Down,
        &[(0, INK, 30), (30, WHITE, 8), (60, WHITE, 0), (100, INK, 30)],
    );
    canvas.layers(outline, [bronze.lighter(6).into(), light.clone(), fall]);
    let cheek = canvas.fade(Fade::Outwards, &[(0, WHITE, 34), (100, WHITE, 0)]);
    canvas.ellipse((336, 420), (36, 44), cheek.clone());
    canvas.ellipse((460, 420), (30, 40), cheek.faded(55));
    // The marks on the brow of the old castings.
    for x in [372, 384, 416, 428] {
        canvas.path(&format!("M{x} 290 V318"), Paint::line(bronze.darker(46), 5));
    }
}

fn eye(canvas: &mut Canvas, (x, y): Point, bronze: Colour) {
    let lids = format!("M{} {} q30 -30 66 0 q-34 22 -66 0 Z", x - 36, y + 2);
    canvas.path(
        &format!("M{} {} q36 -36 76 -8", x - 42, y - 18),
        Paint::line(bronze.darker(40), 8),
    );
    canvas.path(&lids, bronze.lighter(30));
    canvas.path(&lids, Paint::line(bronze.darker(52), 5));
    canvas.circle((x - 3, y), 10, bronze.darker(66));
    canvas.circle((x - 6, y - 4), 3, Paint::from(WHITE).faded(70));
}

/// Beads that hang from the cap, beside the face.
fn strands(canvas: &mut Canvas, bronze: Colour) {
    for (x, bottom) in [(284, 470), (264, 490), (244, 476)] {
        let strand = format!("M{x} 270 Q{} 380 {} {bottom}", x - 16, x - 6);
        canvas.path(&strand, Paint::dots(bronze.darker(52), 21, 19));
        canvas.path(&strand, Paint::dots(bronze.lighter(6), 15, 19));
        canvas.path(&strand, Paint::dots(bronze.lighter(55), 5, 19).faded(80));
    }
}

fn nose_and_mouth(canvas: &mut Canvas, bronze: Colour) {
    let dark = bronze.darker(46);
    canvas.path(
        "M388 336 C386 380 378 396 366 416 C362 432 380 436 400 438 C420 436 438 432 434 \
        416 C422 396 414 380 412 336 Z",
        bronze.lighter(15),
    );
    canvas.path(
        "M412 340 C414 384 424 398 434 416 C438 432 420 436 404 438 L400 340 Z",
        Paint::from(INK).faded(22),
    );
    canvas.path(
        "M364 424 q12 14 24 8 M436 424 q-12 14 -24 8",
        Paint::line(dark, 5),
    );
    canvas.path(
        "M352 466 Q376 450 400 458 Q424 450 448 466 Q400 480 352 466 Z",
        bronze.darker(18),
    );
    canvas.path(
        "M352 466 Q400 478 448 466 Q430 496 400 496 Q370 496 352 466 Z",
        bronze.lighter(18),
    );
    canvas.path(
        "M352 466 Q376 472 400 470 Q424 472 448 466",
        Paint::line(dark, 5),
    );
}

fn cap(canvas: &mut Canvas, bronze: Colour, light: &Paint) {
    let crown = "M262 278 C252 180 310 118 400 116 C490 118 548 180 538 278 Q400 246 262 278 Z";
    let lattice = canvas.pattern((26, 26), "rotate(45)", |tile| {
        tile.rect((0, 0), (26, 26), 0, bronze.darker(44));
        tile.circle((13, 13), 10, bronze);
        tile.circle((10, 10), 4, bronze.lighter(50));
    });
    canvas.layers(crown, [lattice, light.clone()]);
    let band = "M258 262 Q400 226 542 262 L544 292 Q400 258 256 292 Z";
    canvas.layers(band, [bronze.lighter(10).into(), light.clone()]);
    canvas.path(
        "M268 279 Q400 244 532 279",
        Paint::dots(bronze.lighter(48), 11, 20),
    );
    for x in [306, 494] {
        canvas.ring(8, (x, 214), |canvas| {
            canvas.circle((x, 196), 8, bronze.lighter(22));
        });
        canvas.circle((x, 214), 13, bronze.darker(30));
        canvas.circle((x - 3, 211), 6, bronze.lighter(50));
    }
}
