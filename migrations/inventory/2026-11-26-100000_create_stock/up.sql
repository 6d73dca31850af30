-- Stock: what is there, what is held for whom, and everything that ever changed it.

CREATE TABLE stock_items (
    variant_id uuid PRIMARY KEY,
    product_id uuid NOT NULL,
    -- How staff calls it; compared byte by byte, so that one index serves order and prefixes.
    sku text COLLATE "C" NOT NULL,
    on_hand bigint NOT NULL DEFAULT 0,
    -- Held by active reservations. What can be bought is on_hand - reserved.
    reserved bigint NOT NULL DEFAULT 0,
    low_stock_threshold bigint NOT NULL,
    -- False once the catalogue deleted or hid the variant: nothing is held of it any more.
    is_active boolean NOT NULL DEFAULT true,
    -- Counted with each change.
    version bigint NOT NULL DEFAULT 1,
    -- The catalogue's version of the variant; an older event changes nothing.
    catalog_version bigint NOT NULL DEFAULT 0,
    -- The newest version that others were told, and when.
    said_version bigint NOT NULL DEFAULT 0,
    said_at timestamptz NOT NULL DEFAULT '-infinity',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- Columns of their own, because an index on the numbers would have to be written with each change of them.
    is_low boolean NOT NULL GENERATED ALWAYS AS (on_hand - reserved <= low_stock_threshold) STORED,
    is_unsaid boolean NOT NULL GENERATED ALWAYS AS (version > said_version) STORED,
    CONSTRAINT stock_items_reserved_is_there CHECK (0 <= reserved AND reserved <= on_hand),
    CONSTRAINT stock_items_on_hand_bounded CHECK (on_hand <= 1000000000),
    CONSTRAINT stock_items_threshold_bounded CHECK (low_stock_threshold BETWEEN 0 AND 1000000000),
    CONSTRAINT stock_items_sku_length CHECK (length(sku) BETWEEN 1 AND 100)
) WITH (fillfactor = 70);

-- For lists, in their order, and for searching by the beginning of a SKU.
CREATE INDEX stock_items_by_sku ON stock_items (lower(sku), variant_id);
CREATE INDEX stock_items_low_by_sku ON stock_items (lower(sku), variant_id) WHERE is_low;
-- What has still to be told.
CREATE INDEX stock_items_unsaid ON stock_items (said_at) WHERE is_unsaid;

CREATE TABLE reservations (
    order_id uuid PRIMARY KEY,
    -- The buyer; none once they were forgotten, and in a release that came before its reservation.
    user_id uuid,
    -- A keyed hash of where it goes, for counting orders to one address.
    address_hash text,
    state text NOT NULL,
    -- When the current hold began, and when it ends, by this database's clock.
    held_at timestamptz,
    expires_at timestamptz,
    is_extended boolean NOT NULL DEFAULT false,
    -- Committed although the hold had ended.
    is_reallocated boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    CONSTRAINT reservations_state_known CHECK (
        state IN ('active', 'committed', 'released', 'expired')
    ),
    -- Only a release that came first has never held anything.
    CONSTRAINT reservations_hold_dated CHECK (
        (held_at IS NULL) = (expires_at IS NULL) AND (held_at IS NOT NULL OR state = 'released')
    ),
    CONSTRAINT reservations_closed_dated CHECK ((state = 'active') = (closed_at IS NULL)),
    CONSTRAINT reservations_reallocated_is_committed CHECK (
        NOT is_reallocated OR state = 'committed'
    ),
    CONSTRAINT reservations_address_hash_length CHECK (length(address_hash) BETWEEN 1 AND 128)
);

-- What the sweeper looks for.
CREATE INDEX reservations_active_expiry ON reservations (expires_at) WHERE state = 'active';
-- What a buyer holds, and everything about a person.
CREATE INDEX reservations_by_user ON reservations (user_id, state) WHERE user_id IS NOT NULL;
CREATE INDEX reservations_active_by_address ON reservations (address_hash)
    WHERE state = 'active' AND address_hash IS NOT NULL;
-- For retention.
CREATE INDEX reservations_ended ON reservations (closed_at) WHERE state IN ('released', 'expired');

CREATE TABLE reservation_lines (
    order_id uuid NOT NULL REFERENCES reservations (order_id) ON DELETE CASCADE,
    variant_id uuid NOT NULL REFERENCES stock_items (variant_id),
    quantity bigint NOT NULL,
    -- How many came back after the sale.
    returned bigint NOT NULL DEFAULT 0,
    CONSTRAINT reservation_lines_pk PRIMARY KEY (order_id, variant_id),
    CONSTRAINT reservation_lines_quantity_positive CHECK (quantity > 0),
    CONSTRAINT reservation_lines_returned_bounded CHECK (returned BETWEEN 0 AND quantity)
);

-- A variant's reservations, newest first: order ids grow with time.
CREATE INDEX reservation_lines_by_variant ON reservation_lines (variant_id, order_id DESC);

-- Everything that changed what is on hand. Append-only.
CREATE TABLE movements (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    variant_id uuid NOT NULL REFERENCES stock_items (variant_id),
    kind text NOT NULL,
    delta bigint NOT NULL,
    -- The order that was sold to, or that something came back from.
    order_id uuid,
    -- The refund that something came back for.
    refund_id uuid,
    -- Why staff changed it.
    reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT movements_kind_known CHECK (kind IN ('initial', 'adjustment', 'commit', 'return')),
    CONSTRAINT movements_direction CHECK (
        CASE kind WHEN 'initial' THEN delta >= 0 WHEN 'commit' THEN delta < 0
                  WHEN 'return' THEN delta > 0 ELSE delta <> 0 END
    ),
    CONSTRAINT movements_reference CHECK (
        (order_id IS NOT NULL) = (kind IN ('commit', 'return'))
        AND (refund_id IS NOT NULL) = (kind = 'return')
    ),
    CONSTRAINT movements_reason_length CHECK (length(reason) <= 500)
);

CREATE INDEX movements_by_variant ON movements (variant_id, seq DESC);
CREATE UNIQUE INDEX movements_initial_once ON movements (variant_id) WHERE kind = 'initial';
CREATE UNIQUE INDEX movements_commit_once ON movements (order_id, variant_id) WHERE kind = 'commit';
CREATE UNIQUE INDEX movements_return_once ON movements (refund_id, variant_id)
    WHERE kind = 'return';

-- The runtime role, which has the schema's name, may add to the ledger and read it.
DO $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON movements FROM %I', current_schema());
END
$$;
