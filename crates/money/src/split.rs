//! Dividing an amount so that the parts add up to it.

use crate::{Money, MoneyError};

impl Money {
    /// Splits the amount in proportion to `weights`, by largest remainder: each part is rounded
    /// down to the currency's step, and the steps left over go to the parts that lost most, the
    /// earlier one first. What is finer than a step goes to the first part with a weight.
    ///
    /// The parts add up to the whole, a weight of zero gets nothing, and equal weights differ by
    /// at most one step (but for what is finer than that).
    ///
    /// # Errors
    /// No weight above zero, or overflow.
    pub fn allocate(self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        if total == 0 {
            return Err(MoneyError::NoWeights);
        }
        let step = i128::from(self.currency().step_minor());
        // Split without its sign, so that a refund is divided exactly as its payment was.
        let size = i128::from(self.minor()).abs();
        let (steps, finer) = (size / step, size % step);
        let mut parts = shares(steps, weights, total)?;
        hand_out_rest(&mut parts, steps);
        let sign = i128::from(self.minor().signum());
        let mut finer = Some(finer);
        parts
            .into_iter()
            .map(|part| {
                let finer = if part.weight > 0 {
                    finer.take().unwrap_or_default()
                } else {
                    0
                };
                let minor = i64::try_from(sign * (part.steps * step + finer));
                minor
                    .map(|minor| Self::from_minor(minor, self.currency()))
                    .map_err(|_too_large| MoneyError::Overflow)
            })
            .collect()
    }
}

/// One part while steps are being handed out.
struct Part {
    weight: u64,
    /// Whole steps given so far.
    steps: i128,
    /// What rounding down took from it, in units of one step divided by the total weight.
    lost: i128,
}

/// Every part rounded down.
fn shares(steps: i128, weights: &[u64], total: i128) -> Result<Vec<Part>, MoneyError> {
    let share = |weight: &u64| {
        let exact = steps
            .checked_mul(i128::from(*weight))
            .ok_or(MoneyError::Overflow)?;
        Ok(Part {
            weight: *weight,
            steps: exact / total,
            lost: exact % total,
        })
    };
    weights.iter().map(share).collect()
}

/// Gives what is left of `steps` to those that lost most; a stable sort keeps the earlier first.
fn hand_out_rest(parts: &mut [Part], steps: i128) {
    let mut rest = steps - parts.iter().map(|part| part.steps).sum::<i128>();
    let mut by_loss: Vec<&mut Part> = parts.iter_mut().filter(|part| part.lost > 0).collect();
    by_loss.sort_by_key(|part| std::cmp::Reverse(part.lost));
    // Fewer steps are left than parts lost something, for the losses add up to the rest.
    for part in by_loss {
        if rest == 0 {
            break;
        }
        part.steps += 1;
        rest -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;
    use proptest::prelude::*;

    fn split(minor: i64, currency: Currency, weights: &[u64]) -> Vec<i64> {
        let parts = Money::from_minor(minor, currency)
            .allocate(weights)
            .unwrap();
        parts.into_iter().map(Money::minor).collect()
    }

    #[test]
    fn the_odd_kobo_goes_to_who_lost_most_and_then_to_the_earlier() {
        assert_eq!(split(100, Currency::Ngn, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split(5, Currency::Ngn, &[3, 7]), [2, 3]);
        assert_eq!(split(100, Currency::Ngn, &[1, 2, 2]), [20, 40, 40]);
        assert_eq!(split(-100, Currency::Ngn, &[1, 1, 1]), [-34, -33, -33]);
        assert_eq!(split(1, Currency::Ngn, &[0, 1, 0]), [0, 1, 0]);
    }

    #[test]
    fn francs_are_split_whole() {
        assert_eq!(split(1_000, Currency::Xof, &[1, 1, 1]), [400, 300, 300]);
        assert_eq!(split(1_050, Currency::Xof, &[0, 1, 1]), [0, 550, 500]);
    }

    #[test]
    fn nothing_to_split_among_is_refused() {
        let money = Money::from_minor(1, Currency::Ngn);
        assert_eq!(money.allocate(&[]), Err(MoneyError::NoWeights));
        assert_eq!(money.allocate(&[0, 0]), Err(MoneyError::NoWeights));
    }

    proptest! {
        #[test]
        fn the_parts_add_up_to_the_whole(
            minor in any::<i64>().prop_filter("has a size", |minor| *minor != i64::MIN),
            weights in proptest::collection::vec(any::<u64>(), 1..40),
            currency in proptest::sample::select(&Currency::ALL[..]),
        ) {
            let whole = Money::from_minor(minor, currency);
            match whole.allocate(&weights) {
                Ok(parts) => {
                    prop_assert_eq!(parts.len(), weights.len());
                    prop_assert_eq!(Money::sum(currency, parts.iter().copied()), Ok(whole));
                    for (part, weight) in parts.iter().zip(&weights) {
                        prop_assert!(*weight > 0 || part.is_zero());
                        prop_assert!(part.is_zero() || part.is_negative() == whole.is_negative());
                    }
                }
                Err(error) => prop_assert!(
                    error == MoneyError::Overflow || weights.iter().all(|weight| *weight == 0)
                ),
            }
        }

        #[test]
        fn equal_weights_differ_by_at_most_a_step(minor in 0_i64..1_000_000_000, n in 1_usize..50) {
            let parts = split(minor, Currency::Ngn, &vec![7; n]);
            let (least, most) = (parts.iter().min().unwrap(), parts.iter().max().unwrap());
            prop_assert!(most - least <= 1);
        }
    }
}
