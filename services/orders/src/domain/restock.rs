//! Which sold goods go back on the shelf when they are paid back.

use super::ids::{LineId, VariantId};
use super::status::OrderStatus;

/// A line of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoldLine {
    /// Which.
    pub line: LineId,
    /// What was sold.
    pub variant: VariantId,
    /// How many.
    pub quantity: i64,
}

/// What comes back for a refund of the payment that settled the order. Without names, all of it if the refund completes the
/// total before the goods left the house, and none of it otherwise.
///
/// `status` is the order's before the refund. Lines that the order does not have are passed over, and more than was sold is
/// cut: inventory counts what came back before.
pub fn coming_back(
    status: OrderStatus,
    lines: &[SoldLine],
    named: Option<&[(LineId, i64)]>,
    completes_total: bool,
) -> Vec<(VariantId, i64)> {
    if status == OrderStatus::PaidUnallocated {
        return Vec::new();
    }
    match named {
        Some(named) => named
            .iter()
            .filter_map(|(line, quantity)| {
                let sold = lines.iter().find(|sold| sold.line == *line)?;
                Some((sold.variant, (*quantity).min(sold.quantity)))
            })
            .filter(|(_, quantity)| *quantity > 0)
            .collect(),
        None if completes_total && status == OrderStatus::Processing => lines
            .iter()
            .map(|sold| (sold.variant, sold.quantity))
            .collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::OrderStatus as S;
    use super::*;

    const LINE: LineId = LineId(Uuid::from_u128(1));
    const VARIANT: VariantId = VariantId(Uuid::from_u128(2));
    const SOLD: SoldLine = SoldLine {
        line: LINE,
        variant: VARIANT,
        quantity: 3,
    };

    #[test]
    fn a_full_refund_before_shipping_brings_everything_back() {
        for (status, back) in [
            (S::Processing, vec![(VARIANT, 3)]),
            (S::Shipped, vec![]),
            (S::Delivered, vec![]),
            (S::PaidUnallocated, vec![]),
        ] {
            assert_eq!(coming_back(status, &[SOLD], None, true), back, "{status:?}");
            assert_eq!(coming_back(status, &[SOLD], None, false), [], "{status:?}");
        }
    }

    #[test]
    fn a_refund_may_name_what_comes_back() {
        let back = |named: &[(LineId, i64)]| coming_back(S::Delivered, &[SOLD], Some(named), false);
        assert_eq!(back(&[(LINE, 2)]), [(VARIANT, 2)]);
        assert_eq!(back(&[(LINE, 5)]), [(VARIANT, 3)]);
        assert_eq!(back(&[(LINE, 0)]), []);
        assert_eq!(back(&[(LineId(Uuid::from_u128(9)), 1)]), []);
        let gone = coming_back(S::PaidUnallocated, &[SOLD], Some(&[(LINE, 1)]), true);
        assert_eq!(gone, [], "what was never sold does not come back");
    }
}
