-- Carts, what is in them, and what the catalogue last said about it.

CREATE TABLE carts (
    id uuid PRIMARY KEY,
    -- Whose it is: a person's, or a guest's, who is known by a token of which only the hash is kept.
    user_id uuid,
    guest_token_hash bytea,
    -- The currency of everything in it; none while it is empty.
    currency char(3),
    -- Grows with each change. Together with `updated_at` it names one state of the cart and no other.
    version bigint NOT NULL DEFAULT 0,
    -- How many things are in it, so that empty carts are told apart without looking at lines.
    item_count integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    -- When it was said to be abandoned; none again after the next change.
    abandoned_at timestamptz,
    CONSTRAINT carts_user_id_unique UNIQUE (user_id),
    CONSTRAINT carts_guest_token_hash_unique UNIQUE (guest_token_hash),
    CONSTRAINT carts_one_owner CHECK ((user_id IS NULL) <> (guest_token_hash IS NULL)),
    CONSTRAINT carts_guest_token_hash_is_sha256 CHECK (octet_length(guest_token_hash) = 32),
    CONSTRAINT carts_currency_is_iso CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT carts_currency_while_filled CHECK ((item_count > 0) = (currency IS NOT NULL)),
    CONSTRAINT carts_item_count_counted CHECK (item_count >= 0),
    CONSTRAINT carts_version_counted CHECK (version >= 0),
    CONSTRAINT carts_only_known_people_abandon CHECK (abandoned_at IS NULL OR user_id IS NOT NULL)
);

-- What the sweeper looks for, in the order in which it takes it.
CREATE INDEX carts_expires_at ON carts (expires_at);
-- What may be abandoned, the longest untouched first.
CREATE INDEX carts_untouched ON carts (updated_at)
    WHERE user_id IS NOT NULL AND abandoned_at IS NULL AND item_count > 0;

CREATE TABLE cart_items (
    id uuid PRIMARY KEY,
    cart_id uuid NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    product_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    quantity integer NOT NULL,
    -- What one cost, in the cart's currency, when its owner last put some in or changed their number.
    unit_price numeric(14, 2) NOT NULL,
    added_at timestamptz NOT NULL,
    CONSTRAINT cart_items_variant_unique UNIQUE (cart_id, variant_id),
    CONSTRAINT cart_items_quantity_positive CHECK (quantity > 0),
    CONSTRAINT cart_items_unit_price_not_negative CHECK (unit_price >= 0)
);

-- What the catalogue last said about variants that were ever put in a cart: shown while the catalogue is away. One row for
-- each variant rather than a copy in each line, so that an event about something popular changes one row and not every
-- cart. There is no foreign key from lines to here: each insert of a line would lock the row that all buyers of a popular
-- thing share.
CREATE TABLE known_variants (
    variant_id uuid PRIMARY KEY,
    product_id uuid NOT NULL,
    sku text NOT NULL,
    title text NOT NULL,
    name text,
    thumbnail text,
    price numeric(14, 2) NOT NULL,
    currency char(3) NOT NULL,
    is_active boolean NOT NULL,
    available bigint NOT NULL,
    -- How many variants the product has.
    variant_count bigint NOT NULL,
    -- When the catalogue was asked; what it said earlier does not replace what it said later.
    seen_at timestamptz NOT NULL,
    -- When it was said to be gone.
    gone_at timestamptz,
    CONSTRAINT known_variants_currency_is_iso CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT known_variants_price_not_negative CHECK (price >= 0)
);

-- Events name a product.
CREATE INDEX known_variants_product_id ON known_variants (product_id);
