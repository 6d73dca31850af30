//! A cart, and what may be done to it.

use chrono::{DateTime, Utc};
use money::{Currency, Money};

use super::ids::{CartId, LineId, ProductId, VariantId};
use super::offer::Offer;

/// A cart in one of its states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cart {
    /// Its id.
    pub(crate) id: CartId,
    /// Grows with each change.
    pub(crate) version: i64,
    /// Of everything in it; none while it is empty.
    pub(crate) currency: Option<Currency>,
    /// What is in it, in the order in which it came.
    pub(crate) lines: Vec<Line>,
    /// When it was last changed.
    pub(crate) updated_at: DateTime<Utc>,
}

/// So many of one variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its id.
    pub(crate) id: LineId,
    /// The product.
    pub(crate) product_id: ProductId,
    /// The variant; each is in a cart once.
    pub(crate) variant_id: VariantId,
    /// How many, at least one.
    pub(crate) quantity: u32,
    /// What one cost when the owner last put some in or changed their number.
    pub(crate) seen_price: Money,
    /// Since when it is in the cart.
    pub(crate) added_at: DateTime<Utc>,
}

/// How much fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Things in one line.
    pub(crate) per_line: u32,
    /// Lines.
    pub(crate) lines: u32,
}

/// What somebody wants done.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// Put some in, as a line of this id if there is none of the variant yet.
    Add {
        /// The id of a new line.
        line_id: LineId,
        /// What.
        offer: Offer,
        /// How many more.
        quantity: u32,
    },
    /// Have so many of a line.
    SetQuantity {
        /// Which.
        line_id: LineId,
        /// What it offers now.
        offer: Offer,
        /// How many, at least one.
        quantity: u32,
    },
    /// Take a line out.
    Remove(LineId),
    /// Take everything out.
    Clear,
    /// Take out what was ordered.
    TakeOrdered(Vec<(VariantId, i64)>),
    /// Put in what is in another cart, as far as it fits.
    Absorb(Vec<Line>),
}

/// Whether a change changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The cart is another one now.
    Changed,
    /// It was so already.
    Unchanged,
}

/// Which rule refused a change; the cart is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The line would hold too many.
    #[error("must leave at most {most} of one thing in the cart; {held} are in it")]
    LineFull {
        /// How many may be in a line.
        most: u32,
        /// How many are.
        held: u32,
    },
    /// There would be too many lines.
    #[error("the cart holds at most {0} different things")]
    CartFull(u32),
    /// Everything in a cart is paid in one currency.
    #[error("everything in the cart is in {0}; this costs {1}")]
    OtherCurrency(Currency, Currency),
    /// There are not so many.
    #[error("only {0} are available")]
    Insufficient(i64),
    /// There is no such line.
    #[error("item not found")]
    NoSuchLine,
}

impl Cart {
    /// How many things are in it.
    pub(crate) fn item_count(&self) -> u32 {
        self.lines.iter().map(|line| line.quantity).sum()
    }

    /// Does what is wanted, or says which rule is against it.
    pub(crate) fn apply(
        &mut self,
        change: Change,
        limits: Limits,
        now: DateTime<Utc>,
    ) -> Result<Effect, Refusal> {
        let effect = match change {
            Change::Add {
                line_id,
                offer,
                quantity,
            } => self.add(line_id, &offer, quantity, limits, now)?,
            Change::SetQuantity {
                line_id,
                offer,
                quantity,
            } => self.set_quantity(line_id, &offer, quantity, limits)?,
            Change::Remove(line_id) => {
                let removed = self.retain(|line| line.id != line_id);
                if removed == Effect::Unchanged {
                    return Err(Refusal::NoSuchLine);
                }
                removed
            }
            Change::Clear => self.retain(|_| false),
            Change::TakeOrdered(ordered) => self.take_ordered(&ordered),
            Change::Absorb(lines) => self.absorb(lines, limits)?,
        };
        if effect == Effect::Changed {
            self.version += 1;
            self.updated_at = now;
        }
        if self.lines.is_empty() {
            self.currency = None;
        }
        Ok(effect)
    }

    fn add(
        &mut self,
        line_id: LineId,
        offer: &Offer,
        quantity: u32,
        limits: Limits,
        now: DateTime<Utc>,
    ) -> Result<Effect, Refusal> {
        self.accept_currency(offer.price.currency())?;
        let held = self.line_of(offer.variant_id).map_or(0, |at| at.quantity);
        let wanted = fits(held, held.saturating_add(quantity), offer, limits)?;
        match self.line_of(offer.variant_id) {
            Some(line) => {
                line.quantity = wanted;
                line.seen_price = offer.price;
            }
            None => {
                self.accept_another_line(limits)?;
                self.lines.push(Line {
                    id: line_id,
                    product_id: offer.product_id,
                    variant_id: offer.variant_id,
                    quantity: wanted,
                    seen_price: offer.price,
                    added_at: now,
                });
            }
        }
        self.currency = Some(offer.price.currency());
        Ok(Effect::Changed)
    }

    fn set_quantity(
        &mut self,
        line_id: LineId,
        offer: &Offer,
        quantity: u32,
        limits: Limits,
    ) -> Result<Effect, Refusal> {
        let currency = self.currency;
        let line = self.lines.iter_mut().find(|line| line.id == line_id);
        let line = line.ok_or(Refusal::NoSuchLine)?;
        if let Some(currency) = currency.filter(|own| *own != offer.price.currency()) {
            return Err(Refusal::OtherCurrency(currency, offer.price.currency()));
        }
        let wanted = fits(line.quantity, quantity, offer, limits)?;
        if line.quantity == wanted && line.seen_price == offer.price {
            return Ok(Effect::Unchanged);
        }
        line.quantity = wanted;
        line.seen_price = offer.price;
        Ok(Effect::Changed)
    }

    /// More may have been ordered than is in the cart: by another way, or after it was taken out.
    fn take_ordered(&mut self, ordered: &[(VariantId, i64)]) -> Effect {
        let mut effect = Effect::Unchanged;
        for (variant_id, quantity) in ordered.iter().filter(|(_, quantity)| *quantity > 0) {
            if let Some(line) = self.line_of(*variant_id) {
                let taken = u32::try_from(*quantity).unwrap_or(u32::MAX);
                line.quantity = line.quantity.saturating_sub(taken);
                effect = Effect::Changed;
            }
        }
        self.lines.retain(|line| line.quantity > 0);
        effect
    }

    /// Sums what is in both and keeps to the limits: a person who signs in is not refused for having chosen a lot.
    fn absorb(&mut self, lines: Vec<Line>, limits: Limits) -> Result<Effect, Refusal> {
        if let Some(line) = lines.first() {
            self.accept_currency(line.seen_price.currency())?;
        }
        let mut effect = Effect::Unchanged;
        for line in lines {
            let currency = line.seen_price.currency();
            if self.take_in(&line, limits) == Effect::Changed {
                self.currency = Some(currency);
                effect = Effect::Changed;
            }
        }
        Ok(effect)
    }

    fn take_in(&mut self, line: &Line, limits: Limits) -> Effect {
        let has_room = self.accept_another_line(limits).is_ok();
        let Some(held) = self.line_of(line.variant_id) else {
            if has_room {
                let quantity = line.quantity.min(limits.per_line);
                self.lines.push(Line {
                    quantity,
                    ..line.clone()
                });
                return Effect::Changed;
            }
            return Effect::Unchanged;
        };
        let wanted = held.quantity.saturating_add(line.quantity);
        let capped = wanted.min(limits.per_line).max(held.quantity);
        if capped == held.quantity {
            return Effect::Unchanged;
        }
        held.quantity = capped;
        held.seen_price = line.seen_price;
        Effect::Changed
    }

    fn line_of(&mut self, variant_id: VariantId) -> Option<&mut Line> {
        self.lines
            .iter_mut()
            .find(|line| line.variant_id == variant_id)
    }

    fn retain(&mut self, keep: impl Fn(&Line) -> bool) -> Effect {
        let before = self.lines.len();
        self.lines.retain(keep);
        if self.lines.len() == before {
            Effect::Unchanged
        } else {
            Effect::Changed
        }
    }

    fn accept_currency(&self, offered: Currency) -> Result<(), Refusal> {
        match self.currency {
            Some(own) if own != offered => Err(Refusal::OtherCurrency(own, offered)),
            _ => Ok(()),
        }
    }

    fn accept_another_line(&self, limits: Limits) -> Result<(), Refusal> {
        let count = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        if count >= limits.lines {
            return Err(Refusal::CartFull(limits.lines));
        }
        Ok(())
    }
}

fn fits(held: u32, wanted: u32, offer: &Offer, limits: Limits) -> Result<u32, Refusal> {
    let most = limits.per_line;
    if wanted > most {
        return Err(Refusal::LineFull { most, held });
    }
    if i64::from(wanted) > offer.buyable() {
        return Err(Refusal::Insufficient(offer.buyable()));
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests;
