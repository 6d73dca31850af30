-- Nothing is negative, and nothing is reserved that is not there.
SELECT variant_id, on_hand, reserved FROM stock_items WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand
