//! For the kitchen: pots and bowls.

use super::canvas::{Canvas, Fade, Point};
use super::colour::{Colour, INK, Look, WHITE};
use super::paint::Paint;
use super::stage;

const CLAY: Colour = Colour(0xA9_5B_3A);
const CALABASH: Colour = Colour(0xC4_86_3F);

/// Draws kitchenware: bowls by name, and a pot otherwise.
pub fn draw(canvas: &mut Canvas, look: &Look) {
    match look.slug.contains("bowl") {
        true => bowls(canvas, look),
        false => pot(canvas, look),
    }
}

fn pot(canvas: &mut Canvas, look: &Look) {
    let clay = look.main(CLAY);
    stage::table(canvas, look, clay.mixed(Colour(0x7A_8F_7C), 55));
    stage::ground(canvas, 400, 668, 260);
    let light = canvas.roundness();
    for handle in [
        "M176 430 C110 420 112 520 186 512",
        "M624 430 C690 420 688 520 614 512",
    ] {
        canvas.path(handle, Paint::line(clay.darker(46), 34));
        canvas.path(handle, Paint::line(clay.darker(16), 24));
        canvas.path(handle, Paint::line(clay.lighter(26), 5).faded(55));
    }
    let body = "M214 352 C166 400 148 460 160 530 C176 620 270 676 400 676 C530 676 624 \
               620 640 530 C652 460 634 400 586 352 Z";
    canvas.layers(body, [clay.into(), light.clone()]);
    canvas.within(body, |canvas| fire_and_lines(canvas, clay));
    let rim = "M196 336 Q400 392 604 336 L600 366 Q400 424 200 366 Z";
    canvas.layers(rim, [clay.lighter(8).into(), light.clone()]);
    lid(canvas, clay, &light);
}

/// Where the fire darkened it, and what the potter cut into it.
fn fire_and_lines(canvas: &mut Canvas, clay: Colour) {
    let soot = canvas.fade(Fade::Down, &[(0, INK, 0), (60, INK, 4), (100, INK, 52)]);
    canvas.rect((140, 350), (520, 330), 0, soot);
    let cut = Paint::line(clay.darker(52), 5);
    for y in [426, 500] {
        canvas.path(
            &format!("M130 {} Q400 {} 670 {}", y - 8, y + 62, y - 8),
            cut.clone(),
        );
    }
    for step in 0..13 {
        let x = 152 + step * 41;
        let sag = 32 - (step - 6) * (step - 6);
        canvas.path(&format!("M{x} {} l20 30 l21 -30", 432 + sag), cut.clone());
        canvas.circle((x + 20, 440 + sag), 5, clay.lighter(40));
    }
    canvas.path(
        "M206 420 C186 470 190 530 214 574",
        Paint::line(WHITE, 14).faded(20),
    );
}

fn lid(canvas: &mut Canvas, clay: Colour, light: &Paint) {
    let lid = "M186 338 C206 262 300 226 400 226 C500 226 594 262 614 338 Q400 398 186 338 Z";
    canvas.within("M198 330 H602 V440 H198 Z", |canvas| {
        canvas.placed("translate(0 12)", |canvas| {
            canvas.path(lid, Paint::from(INK).faded(26));
        });
    });
    canvas.layers(lid, [clay.lighter(5).into(), light.clone()]);
    canvas.path(
        "M240 300 Q400 340 560 300",
        Paint::line(clay.darker(46), 4).faded(80),
    );
    canvas.path(
        "M246 310 Q400 350 554 310",
        Paint::dots(clay.lighter(42), 6, 18),
    );
    let knob = "M366 236 C372 214 360 204 360 190 C360 168 440 168 440 190 C440 204 428 \
               214 434 236 Q400 250 366 236 Z";
    canvas.layers(knob, [clay.into(), light.clone()]);
    canvas.ellipse((394, 182), (24, 7), Paint::from(WHITE).faded(26));
}

fn bowls(canvas: &mut Canvas, look: &Look) {
    let calabash = look.main(CALABASH);
    stage::table(canvas, look, Colour(0x4F_7A_6E));
    canvas.placed("translate(-24 -46) scale(1.06)", |canvas| {
        for (at, radii, colour) in [
            ((400, 384), (214, 58), calabash.darker(22)),
            ((256, 508), (168, 46), calabash),
            ((556, 552), (146, 40), calabash.lighter(14)),
        ] {
            bowl(canvas, at, radii, colour);
        }
    });
}

/// A bowl, given by the ellipse of its mouth.
fn bowl(canvas: &mut Canvas, (x, y): Point, (rx, ry): Point, colour: Colour) {
    stage::ground(canvas, x, y + rx - 6, rx);
    let body = format!(
        "M{} {y} C{} {} {} {} {x} {} C{} {} {} {} {} {y} Z",
        x - rx,
        x - rx,
        y + rx * 3 / 4,
        x - rx / 2,
        y + rx,
        y + rx,
        x + rx / 2,
        y + rx,
        x + rx,
        y + rx * 3 / 4,
        x + rx,
    );
    let light = canvas.roundness();
    canvas.layers(&body, [colour.into(), light.clone()]);
    canvas.within(&body, |canvas| carving(canvas, (x, y), rx, colour));
    canvas.ellipse((x, y), (rx, ry), colour.lighter(44));
    canvas.ellipse((x, y + 4), (rx - 12, ry - 7), colour.darker(38));
    let inside = canvas.fade(Fade::Down, &[(0, INK, 40), (100, WHITE, 22)]);
    canvas.ellipse((x, y + 4), (rx - 12, ry - 7), inside);
}

/// Bands cut through the skin to the pale flesh.
fn carving(canvas: &mut Canvas, (x, y): Point, rx: i32, colour: Colour) {
    let flesh = colour.lighter(62);
    let band = |down: i32| {
        format!(
            "M{} {} Q{x} {} {} {}",
            x - rx,
            y + down,
            y + down + rx * 2 / 5,
            x + rx,
            y + down
        )
    };
    let (upper, lower) = (rx / 6, rx / 2);
    for down in [upper, lower] {
        canvas.path(&band(down), Paint::line(flesh, 5));
        canvas.path(&band(down + 10), Paint::line(colour.darker(50), 3));
    }
    for step in -4..=4 {
        let middle = x + step * rx / 4;
        let sag = rx / 5 * (16 - step * step) / 16;
        let (top, height) = (y + upper + sag + 8, (lower - upper) / 2);
        let leaf = format!(
            "M{middle} {top} q{} {height} 0 {} q-{} -{height} 0 -{} Z",
            rx / 8,
            height * 2 - 10,
            rx / 8,
            height * 2 - 10,
        );
        canvas.path(&leaf, Paint::from(flesh).faded(90));
        canvas.path(
            &format!("M{middle} {} v{}", top + 8, height),
            Paint::line(colour.darker(50), 3),
        );
        canvas.circle((middle + rx / 8, top + height - 4), 4, flesh);
    }
}
