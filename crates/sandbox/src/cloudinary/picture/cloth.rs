//! The patterns of fabrics, each a tile that repeats.

use super::canvas::Canvas;
use super::colour::{Colour, GOLD, WHITE};
use super::paint::Paint;

/// Corded flowers on tulle, with sequins.
pub fn corded_lace(canvas: &mut Canvas, ground: Colour) -> Paint {
    let cord = ground.lighter(52);
    canvas.pattern((110, 110), "translate(5 12)", |tile| {
        tile.path(
            "M0 55 Q28 20 55 55 T110 55 M55 0 Q20 28 55 55 T55 110",
            Paint::line(cord, 3).faded(70),
        );
        for corner in [(0, 0), (110, 0), (0, 110), (110, 110)] {
            lace_flower(tile, corner, 8, cord);
        }
        lace_flower(tile, (55, 55), 12, cord);
        for sequin in [(27, 26), (83, 26), (27, 84), (83, 84)] {
            tile.circle(sequin, 4, Paint::from(WHITE).faded(85));
        }
    })
}

/// One flower of cord, with petals of this half width.
pub fn lace_flower(canvas: &mut Canvas, (x, y): (i32, i32), size: i32, cord: Colour) {
    canvas.ring(6, (x, y), |canvas| {
        let petal = (x, y - size * 2);
        canvas.ellipse(petal, (size * 3 / 4, size), Paint::from(cord).faded(38));
        canvas.ellipse(petal, (size * 3 / 4, size), Paint::line(cord, 3));
    });
    canvas.circle((x, y), size * 2 / 3, cord);
    canvas.circle((x, y), size / 4, Paint::from(WHITE));
}

/// Eyelets, stitched around, with leaves between them.
pub fn eyelets(canvas: &mut Canvas, ground: Colour) -> Paint {
    let (hole, thread) = (ground.darker(40), ground.lighter(75));
    canvas.pattern((84, 84), "translate(0 6)", |tile| {
        for (x, y) in [(21, 21), (63, 63)] {
            tile.ring(5, (x, y), |tile| {
                tile.ellipse((x, y - 12), (5, 7), Paint::from(hole).faded(70));
                tile.ellipse((x, y - 12), (5, 7), Paint::line(thread, 2));
            });
            tile.circle((x, y), 4, thread);
        }
        for (x, y) in [(63, 21), (21, 63)] {
            tile.path(
                &format!("M{} {} q13 -17 26 -4 q-13 14 -26 4", x - 13, y + 5),
                Paint::from(thread).faded(75),
            );
            tile.circle((x - 4, y + 15), 3, Paint::from(hole).faded(60));
        }
    })
}

/// Suns with rays, in wax print, moved or scaled to its place.
pub fn sunburst(canvas: &mut Canvas, ground: Colour, place: &str) -> Paint {
    let (deep, bright) = (ground.darker(62), Colour(0xFB_E2_A0));
    canvas.pattern((168, 168), place, |tile| {
        tile.rect((0, 0), (168, 168), 0, ground);
        for corner in [(0, 0), (168, 0), (0, 168), (168, 168)] {
            sun(tile, corner, deep, bright);
        }
        sun(tile, (84, 84), bright, deep);
    })
}

fn sun(tile: &mut Canvas, (x, y): (i32, i32), ray: Colour, core: Colour) {
    tile.ring(18, (x, y), |tile| {
        let outline = format!(
            "M{} {} L{x} {} L{} {} Z",
            x - 6,
            y - 26,
            y - 56,
            x + 6,
            y - 26
        );
        tile.path(&outline, ray);
        tile.circle((x, y - 61), 3, core);
    });
    tile.circle((x, y), 25, core);
    tile.circle((x, y), 18, ray);
    tile.circle((x, y), 14, Paint::dots(core, 4, 7));
    tile.circle((x, y), 7, core);
}

/// Eyes of peacock feathers, one row behind the other, moved or scaled to their place.
pub fn peacock(canvas: &mut Canvas, ground: Colour, place: &str) -> Paint {
    canvas.pattern((110, 120), place, |tile| {
        tile.rect((0, 0), (110, 120), 0, ground.darker(50));
        for (x, y) in [
            (0, -20),
            (110, -20),
            (55, 40),
            (0, 100),
            (110, 100),
            (55, 160),
        ] {
            feather(tile, (x, y), ground);
        }
    })
}

fn feather(tile: &mut Canvas, (x, y): (i32, i32), ground: Colour) {
    let barb = Paint::line(ground.lighter(45), 2).faded(80);
    tile.ellipse((x, y), (53, 60), ground.darker(24));
    tile.ellipse((x, y), (53, 60), Paint::line(GOLD.lighter(30), 4));
    tile.ring(24, (x, y), |tile| {
        tile.path(&format!("M{x} {} V{}", y - 34, y - 50), barb.clone());
    });
    tile.ellipse((x, y + 2), (31, 37), Colour(0xD9_8E_2B));
    tile.ellipse((x, y + 5), (22, 27), ground.lighter(35));
    tile.path(
        &format!("M{x} {} c-22 -18 -18 26 0 32 c18 -6 22 -50 0 -32", y + 2),
        Colour(0x1B_2A_5E),
    );
    tile.circle((x - 5, y + 10), 3, Paint::from(WHITE).faded(80));
}

/// Narrow strips, woven with metal thread and a ladder of small holes.
pub fn strips(canvas: &mut Canvas, ground: Colour, thread: Colour) -> Paint {
    canvas.pattern((96, 48), "", |tile| {
        tile.rect((0, 0), (96, 48), 0, ground);
        tile.rect((0, 0), (30, 48), 0, ground.darker(26));
        tile.rect((36, 0), (5, 48), 0, thread);
        tile.rect((85, 0), (5, 48), 0, thread);
        tile.rect((48, 0), (30, 48), 0, ground.lighter(16));
        for y in [6, 30] {
            tile.path(&format!("M63 {y} l9 9 l-9 9 l-9 -9 Z"), thread);
            tile.rect((12, y + 2), (6, 12), 3, ground.lighter(42));
        }
        for y in [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44] {
            tile.rect((0, y), (96, 1), 0, Paint::from(WHITE).faded(12));
        }
    })
}

/// Rings, wheels and dots that the dye could not reach.
pub fn adire(canvas: &mut Canvas, ground: Colour) -> Paint {
    let bare = ground.lighter(78);
    canvas.pattern((128, 128), "translate(16 40)", |tile| {
        for radius in [12, 24, 36, 48] {
            tile.circle((64, 64), radius, Paint::dots(bare, 6, 10));
        }
        tile.circle((64, 64), 4, bare);
        for corner in [(0, 0), (128, 0), (0, 128), (128, 128)] {
            tile.circle(corner, 20, Paint::line(bare, 5).faded(90));
            tile.circle(corner, 9, bare);
        }
        for (x, y) in [(64, 0), (64, 128), (0, 64), (128, 64)] {
            let star = format!("M{x} {} l5 9 9 5 -9 5 -5 9 -5 -9 -9 -5 9 -5 Z", y - 14);
            tile.path(&star, Paint::from(bare).faded(90));
        }
    })
}

/// Leaves and berries.
pub fn leaves(canvas: &mut Canvas, leaf: Colour, berry: Colour) -> Paint {
    canvas.pattern((104, 104), "rotate(14)", |tile| {
        for (x, y, turn) in [(26, 28, 20), (78, 80, 70), (80, 24, 140), (24, 80, 200)] {
            tile.placed(&format!("translate({x} {y}) rotate({turn})"), |tile| {
                tile.path("M0 -24 C18 -10 16 12 0 24 C-16 12 -18 -10 0 -24 Z", leaf);
                tile.path("M0 -16 V20", Paint::line(berry, 2).faded(70));
            });
        }
        for berry_at in [(52, 52), (60, 46), (2, 52), (52, 4)] {
            tile.circle(berry_at, 5, berry);
        }
    })
}
