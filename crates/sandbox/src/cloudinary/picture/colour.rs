//! Colours, mixed as whole numbers so that a picture is the same to the byte wherever it is drawn.

use std::fmt;

use seed_data::Product;

/// A colour, `0xRRGGBB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u32);

/// What shadows are made of: nearly black, and warm.
pub const INK: Colour = Colour(0x2A_1D_17);
/// What light is made of.
pub const WHITE: Colour = Colour(0xFF_FF_FF);
/// The wall behind everything, before it takes on a tint.
pub const CREAM: Colour = Colour(0xF8_F3_EA);
/// Metal thread, clasps and buckles.
pub const GOLD: Colour = Colour(0xD0_A4_4C);
/// Hangers, rods and boards.
pub const WOOD: Colour = Colour(0xA8_77_4B);

/// Colours for names that are not known.
const PALETTE: [Colour; 6] = [
    Colour(0xB8_5C_3E),
    Colour(0x3F_7C_85),
    Colour(0x8A_6F_B0),
    Colour(0x5E_8C_4A),
    Colour(0xC7_8A_2B),
    Colour(0xA8_48_5F),
];

impl Colour {
    /// The colour that a variant is named after, or one that this name always has.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "gold" => Self(0xC9_A0_45),
            "wine" => Self(0x78_2B_40),
            "emerald" => Self(0x1F_7A_5C),
            "white" => Self(0xF3_EE_E4),
            "sky blue" => Self(0x8F_BC_DB),
            "orange" => Self(0xE0_7A_26),
            "blue" => Self(0x2A_5C_A3),
            "teal" => Self(0x15_76_7C),
            "silver" => Self(0xB4_B7_BE),
            "burgundy" => Self(0x7D_23_38),
            "tan" => Self(0xB6_7B_47),
            "black" => Self(0x35_31_33),
            other => one_of(&PALETTE, other),
        }
    }

    /// So many hundredths of the other one, and the rest of this.
    #[must_use]
    pub fn mixed(self, other: Self, percent: u32) -> Self {
        let percent = percent.min(100);
        let channel = |shift: u32| {
            let (own, its) = ((self.0 >> shift) & 0xFF, (other.0 >> shift) & 0xFF);
            ((own * (100 - percent) + its * percent) / 100) << shift
        };
        Self(channel(16) | channel(8) | channel(0))
    }

    /// With ink in it.
    #[must_use]
    pub fn darker(self, percent: u32) -> Self {
        self.mixed(INK, percent)
    }

    /// With white in it.
    #[must_use]
    pub fn lighter(self, percent: u32) -> Self {
        self.mixed(WHITE, percent)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:06x}", self.0)
    }
}

/// What a product's picture follows from, beside its category.
#[derive(Debug)]
pub struct Look {
    /// The name of the product.
    pub slug: &'static str,
    colours: Vec<Colour>,
}

impl Look {
    /// The look of this product.
    #[must_use]
    pub fn of(product: &Product) -> Self {
        let options = product.variants.iter().flat_map(|variant| variant.options);
        let mut colours: Vec<Colour> = options
            .filter(|(option, _)| *option == "colour")
            .map(|(_, name)| Colour::named(name))
            .collect();
        colours.dedup();
        Self {
            slug: product.slug,
            colours,
        }
    }

    /// The colour of its first variant; for a product without colours, that of its kind.
    #[must_use]
    pub fn main(&self, usual: Colour) -> Colour {
        self.colours.first().copied().unwrap_or(usual)
    }

    /// The colours of all its variants, the first one first; at least one.
    #[must_use]
    pub fn all(&self, usual: Colour) -> Vec<Colour> {
        match self.colours.as_slice() {
            [] => vec![usual],
            some => some.to_vec(),
        }
    }

    /// A number below `count` that this product always has.
    #[must_use]
    pub fn choice(&self, count: u32) -> u32 {
        hash(self.slug) % count.max(1)
    }
}

fn one_of(colours: &[Colour], name: &str) -> Colour {
    let at = usize::try_from(hash(name)).unwrap_or(0) % colours.len().max(1);
    colours.get(at).copied().unwrap_or(INK)
}

/// FNV-1a: a hash that stays the same from one release of the compiler to the next.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811C_9DC5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_mixed_by_channel() {
        assert_eq!(Colour(0x00_00_00).mixed(WHITE, 50).to_string(), "#7f7f7f");
        assert_eq!(Colour(0x12_34_56).mixed(WHITE, 0), Colour(0x12_34_56));
        assert_eq!(Colour(0x12_34_56).mixed(WHITE, 200), WHITE);
    }

    #[test]
    fn an_unknown_name_has_a_colour_of_the_palette() {
        assert!(PALETTE.contains(&Colour::named("Mauve")));
        assert_eq!(Colour::named("Mauve"), Colour::named("mauve"));
    }
}
