//! Dresses, on a hanger.

use super::canvas::Canvas;
use super::cloth;
use super::colour::{Colour, GOLD, INK, Look, WHITE};
use super::paint::Paint;
use super::stage;

const INDIGO: Colour = Colour(0x2B_3A_78);
const TERRACOTTA: Colour = Colour(0xC4_5A_40);
const PLUM: Colour = Colour(0x7C_3F_78);

/// Draws a dress: the wrap dress and the bubu by name, and a midi dress otherwise.
pub fn draw(canvas: &mut Canvas, look: &Look) {
    match look.slug {
        slug if slug.contains("wrap") => wrap_dress(canvas, look),
        slug if slug.contains("bubu") => bubu(canvas, look),
        _ => midi_dress(canvas, look),
    }
}

fn midi_dress(canvas: &mut Canvas, look: &Look) {
    let indigo = look.main(INDIGO);
    stage::wall(canvas, look, indigo);
    stage::hanger(canvas, 116, 206);
    let outline = "M326 186 C340 236 366 256 400 256 C434 256 460 236 474 186 L522 204 C556 228 572 268 \
                   584 312 L518 336 \
                   L500 304 C496 346 488 376 482 402 C510 480 562 590 598 690 Q500 726 \
                   400 724 Q300 726 202 690 \
                   C238 590 290 480 318 402 C312 376 304 346 300 304 L282 336 L216 312 \
                   C228 268 244 228 278 204 Z";
    stage::shadow(canvas, outline);
    let dye = cloth::adire(canvas, indigo);
    let light = canvas.roundness();
    canvas.layers(outline, [indigo.into(), dye, light.faded(80)]);
    skirt_folds(canvas, outline);
    let seam = Paint::line(indigo.lighter(64), 4);
    canvas.path(
        "M326 190 C340 240 366 260 400 260 C434 260 460 240 474 190",
        seam.clone(),
    );
    canvas.path(
        "M318 402 Q400 420 482 402",
        Paint::line(indigo.darker(60), 10),
    );
    canvas.path(
        "M205 680 Q300 714 400 712 Q500 714 595 680",
        seam.clone().dashed("10 9"),
    );
    for pocket in ["M296 470 Q292 506 268 536", "M504 470 Q508 506 532 536"] {
        canvas.path(pocket, seam.clone().faded(80));
    }
}

/// Folds that fall from the waist.
fn skirt_folds(canvas: &mut Canvas, outline: &str) {
    canvas.within(outline, |canvas| {
        for (fold, light) in [
            (
                "M340 412 C320 520 286 620 262 720 L310 728 C326 620 340 520 346 412 Z",
                INK,
            ),
            (
                "M382 416 C378 520 366 620 356 730 L392 730 C394 620 392 520 390 416 Z",
                WHITE,
            ),
            (
                "M430 416 C440 520 456 620 470 730 L510 724 C486 620 456 520 438 414 Z",
                INK,
            ),
            (
                "M462 410 C490 520 526 620 556 706 L582 700 C550 610 500 500 468 408 Z",
                INK,
            ),
        ] {
            canvas.path(fold, Paint::from(light).faded(15));
        }
    });
}

fn wrap_dress(canvas: &mut Canvas, look: &Look) {
    let ground = look.main(TERRACOTTA);
    let (leaf, berry) = (Colour(0xF4_DD_B8), Colour(0x2F_4A_46));
    stage::wall(canvas, look, ground);
    stage::hanger(canvas, 112, 208);
    let print = cloth::leaves(canvas, leaf, berry);
    let light = canvas.roundness();
    let paints = [ground.into(), print, light.faded(75)];
    for sleeve in [
        "M284 202 C252 220 232 270 214 352 L196 446 Q222 462 252 456 L298 330 Z",
        "M516 202 C548 220 568 270 586 352 L604 446 Q578 462 548 456 L502 330 Z",
    ] {
        stage::shadow(canvas, sleeve);
        canvas.layers(sleeve, paints.clone());
    }
    cuffs(canvas, ground);
    let body = "M330 186 L400 330 L470 186 L518 204 C514 280 496 340 486 396 C516 490 556 600 580 694 \
                Q490 722 400 716 \
                Q310 722 220 694 C244 600 284 490 314 396 C304 340 286 280 282 204 Z";
    stage::shadow(canvas, body);
    canvas.layers(body, paints.clone());
    skirt_folds(canvas, body);
    front_flap(canvas, &paints, ground);
    bow(canvas, ground);
}

fn cuffs(canvas: &mut Canvas, ground: Colour) {
    for cuff in ["M197 442 Q222 458 252 452", "M603 442 Q578 458 548 452"] {
        canvas.path(cuff, Paint::line(ground.darker(40), 9));
    }
}

/// The side that lies on top, from the shoulder to the waist and open below.
fn front_flap(canvas: &mut Canvas, paints: &[Paint], ground: Colour) {
    let flap =
        "M330 186 L282 204 C286 280 304 340 314 396 L350 402 L452 392 C430 350 372 280 330 186 Z";
    canvas.layers(flap, paints.iter().cloned());
    let edge = Paint::line(ground.darker(45), 6);
    canvas.path("M330 188 C372 280 430 350 460 394", edge.clone());
    canvas.path("M470 188 C460 230 440 282 418 318", edge.clone());
    canvas.path(
        "M444 402 C470 490 452 610 408 714",
        Paint::line(INK, 12).faded(22),
    );
    canvas.path("M440 402 C462 490 444 610 400 712", edge);
}

fn bow(canvas: &mut Canvas, ground: Colour) {
    let sash = ground.darker(44);
    let edge = Paint::line(ground.lighter(30), 3).faded(60);
    canvas.path(
        "M312 386 Q400 406 488 386 L490 418 Q400 438 310 418 Z",
        sash,
    );
    for ribbon in [
        "M452 410 C440 460 432 500 420 546 L450 552 C462 500 466 460 468 414 Z",
        "M466 410 C486 450 500 490 506 528 L532 516 C520 476 500 440 478 408 Z",
        "M460 408 C430 372 396 376 402 402 C408 426 436 420 460 408 Z",
        "M462 408 C488 370 528 372 522 400 C516 424 488 422 462 408 Z",
    ] {
        canvas.path(ribbon, sash);
        canvas.path(ribbon, edge.clone());
    }
    canvas.rect((448, 394), (26, 30), 9, sash.lighter(14));
}

fn bubu(canvas: &mut Canvas, look: &Look) {
    let silk = look.main(PLUM);
    stage::wall(canvas, look, silk);
    stage::hanger(canvas, 126, 204);
    let outline = "M342 178 C352 214 374 230 400 230 C426 230 448 214 458 178 C540 200 620 240 668 300 \
                   C692 360 696 430 690 490 \
                   C650 500 606 486 572 462 C580 550 602 640 622 712 Q510 736 400 732 \
                   Q290 736 178 712 C198 640 220 550 228 462 \
                   C194 486 150 500 110 490 C104 430 108 360 132 300 C180 240 260 200 342 178 Z";
    stage::shadow(canvas, outline);
    let sheen = canvas.folds(58);
    let light = canvas.roundness();
    canvas.layers(outline, [silk.into(), sheen, light.faded(70)]);
    for line in [
        "M262 236 C240 320 232 400 230 470",
        "M538 236 C560 320 568 400 570 470",
        "M300 300 C286 440 276 580 262 716",
        "M500 300 C514 440 524 580 538 716",
    ] {
        canvas.path(line, Paint::line(INK, 5).faded(20));
    }
    embroidery(canvas);
    canvas.path(
        "M182 700 Q290 722 400 718 Q510 722 618 700",
        Paint::line(GOLD, 6),
    );
    canvas.path(
        "M184 688 Q290 710 400 706 Q510 710 616 688",
        Paint::dots(GOLD.lighter(30), 6, 14),
    );
    for sleeve in [
        "M112 480 C150 488 192 476 226 454",
        "M688 480 C650 488 608 476 574 454",
    ] {
        canvas.path(sleeve, Paint::line(GOLD, 6));
    }
}

/// Gold thread around the neck and down the front.
fn embroidery(canvas: &mut Canvas) {
    let neck = "M342 180 C352 216 374 234 400 234 C426 234 448 216 458 180";
    let yoke = "M316 186 C326 262 366 290 386 300 L400 420 L414 300 C434 290 474 262 484 186";
    canvas.path(neck, Paint::line(GOLD, 8));
    canvas.path(yoke, Paint::line(GOLD, 5));
    canvas.path(
        "M330 184 C342 246 372 266 400 268 C428 266 458 246 470 184",
        Paint::dots(GOLD.lighter(38), 10, 17),
    );
    for y in [300, 326, 352, 378] {
        canvas.path(&format!("M400 {y} l8 11 -8 11 -8 -11 Z"), GOLD.lighter(34));
    }
    canvas.ring(8, (400, 446), |canvas| {
        canvas.ellipse((400, 430), (5, 11), Paint::line(GOLD, 3));
    });
    canvas.circle((400, 446), 5, GOLD.lighter(30));
}
