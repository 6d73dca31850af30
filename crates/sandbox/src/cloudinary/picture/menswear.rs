//! Clothes for men: the kaftan, the shirt and the cap.

use super::canvas::Canvas;
use super::cloth;
use super::colour::{Colour, GOLD, INK, Look, WHITE, WOOD};
use super::paint::Paint;
use super::stage;

const SLATE: Colour = Colour(0x3D_4E_63);
const MUSTARD: Colour = Colour(0xDD_A0_38);
const WINE: Colour = Colour(0x74_28_3C);

/// Draws a piece: the shirt and the cap by name, and a kaftan otherwise.
pub fn draw(canvas: &mut Canvas, look: &Look) {
    match look.slug {
        slug if slug.contains("shirt") => shirt(canvas, look),
        slug if slug.contains("cap") => cap(canvas, look),
        _ => kaftan(canvas, look),
    }
}

fn kaftan(canvas: &mut Canvas, look: &Look) {
    let wool = look.main(SLATE);
    stage::wall(canvas, look, wool);
    stage::hanger(canvas, 96, 196);
    trousers(canvas, wool);
    let light = canvas.roundness();
    for sleeve in [
        "M286 198 C250 210 232 250 220 320 L186 520 Q208 534 240 530 L306 320 Z",
        "M514 198 C550 210 568 250 580 320 L614 520 Q592 534 560 530 L494 320 Z",
    ] {
        stage::shadow(canvas, sleeve);
        canvas.layers(sleeve, [wool.darker(8).into(), light.clone().faded(80)]);
    }
    let tunic = "M358 178 Q400 196 442 178 L518 200 C520 300 516 420 528 574 Q400 596 \
                272 574 C284 420 280 300 282 200 Z";
    stage::shadow(canvas, tunic);
    let folds = canvas.folds(64);
    canvas.layers(tunic, [wool.into(), folds.faded(35), light]);
    tonal_embroidery(canvas, wool.lighter(38));
}

fn trousers(canvas: &mut Canvas, wool: Colour) {
    let outline =
        "M296 540 H504 L506 746 Q466 758 428 748 L404 610 H396 L372 748 Q334 758 294 746 Z";
    stage::shadow(canvas, outline);
    let light = canvas.roundness();
    canvas.layers(outline, [wool.darker(16).into(), light.faded(80)]);
    for crease in ["M342 580 L334 750", "M458 580 L466 750"] {
        canvas.path(crease, Paint::line(INK, 4).faded(35));
    }
}

fn tonal_embroidery(canvas: &mut Canvas, thread: Colour) {
    let line = Paint::line(thread, 4);
    canvas.path(
        "M356 178 Q400 200 444 178 L440 200 Q400 220 360 200 Z",
        thread.darker(44),
    );
    canvas.path("M360 200 Q400 220 440 200", line.clone());
    canvas.path("M376 216 V400 L400 424 L424 400 V216", line.clone());
    canvas.path(
        "M388 220 V394 L400 406 L412 394 V220",
        Paint::dots(thread, 4, 9),
    );
    for y in [250, 290, 330, 370] {
        canvas.circle((400, y), 6, thread.lighter(40));
    }
    for (x, y) in [
        (352, 250),
        (448, 250),
        (352, 300),
        (448, 300),
        (352, 350),
        (448, 350),
    ] {
        canvas.path(
            &format!("M{x} {} l9 12 -9 12 -9 -12 Z", y - 12),
            line.clone(),
        );
        canvas.circle((x, y), 3, thread);
    }
    for cuff in ["M194 474 Q220 488 250 482", "M190 500 Q214 514 244 508"] {
        canvas.path(cuff, line.clone());
        canvas.placed("matrix(-1 0 0 1 800 0)", |canvas| {
            canvas.path(cuff, line.clone());
        });
    }
    canvas.path(
        "M276 554 Q400 576 524 554",
        Paint::line(thread, 3).dashed("12 8"),
    );
}

fn shirt(canvas: &mut Canvas, look: &Look) {
    let cotton = look.main(MUSTARD);
    stage::wall(canvas, look, cotton);
    stage::hanger(canvas, 138, 232);
    let outline = "M346 192 L400 300 L454 192 L548 226 C600 250 640 300 672 374 L578 424 L546 376 C542 \
                   470 548 560 556 650 \
                   Q400 674 244 650 C252 560 258 470 254 376 L222 424 L128 374 C160 300 \
                   200 250 252 226 Z";
    stage::shadow(canvas, outline);
    let folds = canvas.folds(70);
    let light = canvas.roundness();
    canvas.layers(outline, [cotton.into(), folds.faded(45), light.faded(75)]);
    for armhole in ["M252 228 Q268 300 254 378", "M548 228 Q532 300 546 378"] {
        canvas.path(armhole, Paint::line(INK, 4).faded(30));
    }
    yoke(canvas);
    canvas.within(outline, bands);
}

/// Bands of machine embroidery around the neck, down to a point.
fn yoke(canvas: &mut Canvas) {
    let (navy, red, cream) = (Colour(0x1F_35_63), Colour(0xB0_3A_2E), Colour(0xF7_E8_C6));
    let yoke = "M290 212 L346 192 L400 300 L454 192 L510 212 C520 300 506 360 470 388 \
               L400 470 L330 388 C294 360 280 300 290 212 Z";
    canvas.path(yoke, navy);
    canvas.path(yoke, Paint::line(cream, 5));
    for (line, paint) in [
        (
            "M316 206 C312 290 322 340 350 366 L400 424 L450 366 C478 340 488 290 484 206",
            Paint::line(red, 13),
        ),
        (
            "M316 206 C312 290 322 340 350 366 L400 424 L450 366 C478 340 488 290 484 206",
            Paint::dots(cream, 6, 13),
        ),
        (
            "M338 198 C338 280 346 322 368 344 L400 382 L432 344 C454 322 462 280 462 198",
            Paint::line(GOLD.lighter(20), 7),
        ),
        ("M346 194 L400 302 L454 194", Paint::line(cream, 7)),
        ("M400 306 V360", Paint::line(cream, 5)),
    ] {
        canvas.path(line, paint);
    }
    canvas.ring(8, (400, 500), |canvas| {
        canvas.path("M400 494 L394 478 L400 462 L406 478 Z", navy);
    });
    canvas.circle((400, 500), 7, red);
}

fn bands(canvas: &mut Canvas) {
    let (navy, cream) = (Colour(0x1F_35_63), Colour(0xF7_E8_C6));
    for band in [
        "M236 636 Q400 662 564 636",
        "M124 364 Q170 400 230 416",
        "M676 364 Q630 400 570 416",
    ] {
        canvas.path(band, Paint::line(navy, 22));
        canvas.path(band, Paint::dots(cream, 8, 17));
    }
}

fn cap(canvas: &mut Canvas, look: &Look) {
    let cloth = look.main(WINE);
    stage::table(canvas, look, cloth);
    stand(canvas);
    let crown = "M228 520 C216 430 216 330 254 262 C300 190 440 172 540 214 C630 252 676 330 650 384 \
                 C632 424 590 430 574 426 \
                 L572 520 Q400 566 228 520 Z";
    let weave = cloth::strips(canvas, cloth, GOLD.lighter(20));
    let light = canvas.roundness();
    canvas.layers(crown, [weave, light]);
    canvas.within(crown, |canvas| {
        canvas.path(
            "M560 260 C520 330 540 390 580 430 L680 430 V300 Z",
            Paint::from(INK).faded(24),
        );
        canvas.path(
            "M250 262 C330 330 470 330 560 250",
            Paint::line(INK, 7).faded(26),
        );
        canvas.path(
            "M250 254 C330 322 470 322 560 242",
            Paint::line(WHITE, 5).faded(26),
        );
        canvas.path(
            "M552 250 C512 320 536 386 578 424",
            Paint::line(INK, 6).faded(34),
        );
    });
    let band = "M226 478 Q400 524 574 478 L572 526 Q400 572 228 526 Z";
    let light = canvas.roundness();
    canvas.layers(band, [cloth.darker(32).into(), light]);
    canvas.path(
        "M236 504 Q400 548 564 504",
        Paint::dots(GOLD.lighter(24), 7, 16),
    );
}

/// A turned block of wood that the cap sits on.
fn stand(canvas: &mut Canvas) {
    stage::ground(canvas, 400, 676, 210);
    let light = canvas.roundness();
    for part in [
        "M366 530 H434 L444 650 H356 Z",
        "M258 662 C258 640 542 640 542 662 V674 C542 700 258 700 258 674 Z",
    ] {
        canvas.layers(part, [WOOD.into(), light.clone()]);
    }
}
