-- Disputes of an order's payments as far as orders has heard of them. Additive: the previous release neither reads nor writes it.

CREATE TABLE order_disputes (
    dispute_id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    payment_id uuid NOT NULL,
    -- What the buyer's bank wants back, in the order's currency.
    amount numeric(14, 2) NOT NULL,
    -- `open`, or how it ended.
    status text NOT NULL,
    -- What it has taken of the payment.
    taken numeric(14, 2) NOT NULL DEFAULT 0,
    -- Until when the shop may answer.
    due_at timestamptz,
    -- That of the newest event that was heard; older ones change nothing.
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT order_disputes_status_known CHECK (status IN ('open', 'won', 'lost', 'accepted', 'auto_accepted')),
    CONSTRAINT order_disputes_amount_positive CHECK (amount > 0),
    CONSTRAINT order_disputes_taken_positive CHECK (taken >= 0)
);

CREATE INDEX order_disputes_by_order ON order_disputes (order_id);
