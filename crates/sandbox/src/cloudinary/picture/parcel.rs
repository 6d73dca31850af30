//! A parcel: the picture of what no other module can draw.

use super::canvas::{Canvas, Fade};
use super::colour::{Colour, INK, Look, WHITE};
use super::paint::Paint;
use super::stage;

const CARD: Colour = Colour(0xC2_9A_6B);

/// Draws a parcel with a ribbon in the product's colour.
pub fn draw(canvas: &mut Canvas, look: &Look) {
    let ribbon = look.main(Colour::named(look.slug));
    stage::table(canvas, look, ribbon);
    stage::ground(canvas, 400, 668, 270);
    let fall = canvas.fade(Fade::Down, &[(0, WHITE, 16), (100, INK, 30)]);
    canvas.rect((180, 330), (440, 338), 12, CARD);
    canvas.rect((180, 330), (440, 338), 12, fall);
    canvas.rect((160, 276), (480, 84), 12, CARD.lighter(14));
    canvas.rect((366, 276), (68, 392), 0, ribbon);
    canvas.rect((366, 356), (68, 14), 0, Paint::from(INK).faded(24));
    for side in ["", "matrix(-1 0 0 1 800 0)"] {
        canvas.placed(side, |canvas| {
            let outline = "M400 272 C330 170 232 170 244 228 C252 274 330 280 400 272 Z";
            canvas.path(outline, ribbon.lighter(10));
            canvas.path(
                "M400 270 C340 214 290 196 270 220 C276 250 330 268 400 270 Z",
                ribbon.darker(30),
            );
        });
    }
    canvas.rect((374, 246), (52, 40), 14, ribbon.darker(12));
}
