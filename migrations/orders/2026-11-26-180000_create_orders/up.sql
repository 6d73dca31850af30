-- Orders with everything they were promised at, what pays for them, what they are charged by, and their documents.

CREATE TABLE shipping_methods (
    id uuid PRIMARY KEY,
    code text NOT NULL,
    name text NOT NULL,
    country char(2) NOT NULL,
    -- Where in the country, in lower case; everywhere if empty.
    states text[] NOT NULL DEFAULT '{}',
    currency char(3) NOT NULL,
    price numeric(14, 2) NOT NULL,
    -- Goods of so much travel free.
    free_from numeric(14, 2),
    days_min int NOT NULL,
    days_max int NOT NULL,
    is_default boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT shipping_methods_code_unique UNIQUE (country, currency, code),
    CONSTRAINT shipping_methods_price_bounded CHECK (price BETWEEN 0 AND 1000000000),
    CONSTRAINT shipping_methods_free_from_positive CHECK (free_from > 0),
    CONSTRAINT shipping_methods_days_ordered CHECK (0 <= days_min AND days_min <= days_max AND days_max <= 365),
    CONSTRAINT shipping_methods_code_length CHECK (length(code) BETWEEN 1 AND 40),
    CONSTRAINT shipping_methods_name_length CHECK (length(name) BETWEEN 1 AND 100)
);

CREATE UNIQUE INDEX shipping_methods_one_default ON shipping_methods (country, currency)
    WHERE is_default AND is_active;

CREATE TABLE tax_rates (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    country char(2) NOT NULL,
    -- In lower case; the whole country if empty.
    state text NOT NULL DEFAULT '',
    -- In hundredths of a per cent: 750 is 7.5 %.
    basis_points int NOT NULL,
    applies_to_shipping boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tax_rates_basis_points_bounded CHECK (basis_points BETWEEN 0 AND 10000),
    CONSTRAINT tax_rates_name_length CHECK (length(name) BETWEEN 1 AND 60)
);

CREATE UNIQUE INDEX tax_rates_one_each ON tax_rates (country, state) WHERE is_active;

CREATE TABLE coupons (
    id uuid PRIMARY KEY,
    -- In upper case; compared byte by byte, so that the index finds what a code begins with.
    code text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    -- Hundredths of a per cent of the goods.
    basis_points int,
    amount numeric(14, 2),
    -- Of amounts; a percentage without one is good in every currency.
    currency char(3),
    min_order_amount numeric(14, 2) NOT NULL DEFAULT 0,
    starts_at timestamptz,
    expires_at timestamptz,
    usage_limit bigint,
    per_user_limit bigint,
    -- By orders that are not cancelled or expired.
    used_count bigint NOT NULL DEFAULT 0,
    is_active boolean NOT NULL DEFAULT true,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT coupons_code_unique UNIQUE (code),
    CONSTRAINT coupons_code_form CHECK (code ~ '^[A-Z0-9_-]{1,40}$'),
    CONSTRAINT coupons_kind_complete CHECK (
        CASE kind
            WHEN 'fixed' THEN amount > 0 AND currency IS NOT NULL AND basis_points IS NULL
            WHEN 'percentage' THEN basis_points BETWEEN 1 AND 10000 AND amount IS NULL
            ELSE false
        END
    ),
    CONSTRAINT coupons_minimum_has_currency CHECK (min_order_amount = 0 OR currency IS NOT NULL),
    CONSTRAINT coupons_limits_positive CHECK (usage_limit > 0 AND per_user_limit > 0),
    CONSTRAINT coupons_used_positive CHECK (used_count >= 0),
    CONSTRAINT coupons_time_ordered CHECK (starts_at < expires_at)
);

CREATE TABLE orders (
    id uuid PRIMARY KEY,
    -- What people call it; not to be guessed from another.
    order_number text NOT NULL,
    -- The buyer, or a pseudonym once they were forgotten.
    user_id uuid NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    payment_status text NOT NULL DEFAULT 'unpaid',
    currency char(3) NOT NULL,
    subtotal numeric(14, 2) NOT NULL,
    discount numeric(14, 2) NOT NULL,
    shipping numeric(14, 2) NOT NULL,
    tax numeric(14, 2) NOT NULL,
    total numeric(14, 2) NOT NULL,
    prices_include_tax boolean NOT NULL,
    tax_name text NOT NULL,
    tax_basis_points int NOT NULL,
    -- The part of the tax that is on shipping.
    shipping_tax numeric(14, 2) NOT NULL,
    coupon_id uuid REFERENCES coupons (id),
    coupon_code text,
    shipping_method text NOT NULL,
    shipping_name text NOT NULL,
    -- E-mail, name, addresses and notes, encrypted; none once they were forgotten and nothing is owed to them.
    contact bytea,
    -- The buyer was forgotten while goods were still owed to them; how to reach them goes when the order ends.
    is_forgotten boolean NOT NULL DEFAULT false,
    -- Keyed hash of the e-mail address.
    email_index bytea,
    -- A payment has come and its goods are being sold to the order; nothing else may happen to it.
    settling_payment_id uuid,
    settling_since timestamptz,
    -- The payment that settled it.
    settled_payment_id uuid,
    -- When the hold of its goods ends.
    expires_at timestamptz NOT NULL,
    carrier text,
    tracking_number text,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    paid_at timestamptz,
    CONSTRAINT orders_number_unique UNIQUE (order_number),
    CONSTRAINT orders_status_known CHECK (
        status IN ('pending', 'processing', 'shipped', 'delivered', 'cancelled', 'expired', 'paid_unallocated', 'refunded')
    ),
    CONSTRAINT orders_payment_status_known CHECK (
        payment_status IN ('unpaid', 'pending', 'paid', 'failed', 'partially_refunded', 'refunded')
    ),
    CONSTRAINT orders_amounts_positive CHECK (
        subtotal >= 0 AND discount BETWEEN 0 AND subtotal AND shipping >= 0 AND tax >= shipping_tax AND shipping_tax >= 0
    ),
    CONSTRAINT orders_total_adds_up CHECK (
        total = subtotal - discount + shipping + CASE WHEN prices_include_tax THEN 0 ELSE tax END
    ),
    CONSTRAINT orders_settled_is_paid CHECK (
        (settled_payment_id IS NOT NULL)
        = (status IN ('processing', 'shipped', 'delivered', 'paid_unallocated', 'refunded'))
    ),
    CONSTRAINT orders_settling_is_open CHECK (
        settling_payment_id IS NULL OR status IN ('pending', 'expired')
    ),
    CONSTRAINT orders_settling_dated CHECK ((settling_payment_id IS NULL) = (settling_since IS NULL))
) WITH (fillfactor = 85);

CREATE INDEX orders_by_user ON orders (user_id, id DESC);
CREATE INDEX orders_by_user_and_status ON orders (user_id, status, id DESC);
CREATE INDEX orders_by_status ON orders (status, id DESC);
CREATE INDEX orders_by_email ON orders (email_index, id DESC) WHERE email_index IS NOT NULL;
CREATE INDEX orders_by_day ON orders (created_at DESC, id DESC);
-- Whether a coupon was ever used: asked before it is deleted, and by its foreign key when it is.
CREATE INDEX orders_by_coupon ON orders (coupon_id) WHERE coupon_id IS NOT NULL;
-- What the sweeps look for.
CREATE INDEX orders_open_by_expiry ON orders (expires_at) WHERE status = 'pending';
CREATE INDEX orders_settling ON orders (settling_since) WHERE settling_payment_id IS NOT NULL;

CREATE TABLE order_lines (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    position int NOT NULL,
    product_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    sku text NOT NULL,
    title text NOT NULL,
    quantity int NOT NULL,
    unit_price numeric(14, 2) NOT NULL,
    line_total numeric(14, 2) NOT NULL,
    discount numeric(14, 2) NOT NULL,
    tax numeric(14, 2) NOT NULL,
    CONSTRAINT order_lines_variant_once UNIQUE (order_id, variant_id),
    CONSTRAINT order_lines_quantity_bounded CHECK (quantity BETWEEN 1 AND 1000),
    CONSTRAINT order_lines_adds_up CHECK (line_total = unit_price * quantity),
    CONSTRAINT order_lines_amounts_positive CHECK (
        unit_price >= 0 AND discount BETWEEN 0 AND line_total AND tax >= 0
    )
);

-- What became of an order. Append-only.
CREATE TABLE order_history (
    order_id uuid NOT NULL REFERENCES orders (id),
    -- The order's version that it began with.
    version bigint NOT NULL,
    from_status text,
    to_status text NOT NULL,
    -- `customer`, `system`, or the role of a member of staff.
    actor text NOT NULL,
    actor_id uuid,
    note text,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT order_history_pk PRIMARY KEY (order_id, version),
    CONSTRAINT order_history_note_length CHECK (length(note) <= 500)
);

-- Payments as far as orders has heard of them.
CREATE TABLE order_payments (
    payment_id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    -- Only ever further: initialized, failed or pending, succeeded.
    status text NOT NULL,
    amount numeric(14, 2) NOT NULL,
    refunded numeric(14, 2) NOT NULL DEFAULT 0,
    channel text,
    reference text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT order_payments_status_known CHECK (status IN ('initialized', 'pending', 'failed', 'succeeded')),
    -- More than was due may go back: fees that the buyer bore, or what was paid by mistake.
    CONSTRAINT order_payments_refunded_positive CHECK (refunded >= 0)
);

CREATE INDEX order_payments_by_order ON order_payments (order_id);

CREATE TABLE order_refunds (
    refund_id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    payment_id uuid NOT NULL,
    amount numeric(14, 2) NOT NULL,
    status text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT order_refunds_status_known CHECK (status IN ('requested', 'needs_attention', 'failed', 'processed')),
    CONSTRAINT order_refunds_amount_positive CHECK (amount > 0)
);

CREATE INDEX order_refunds_by_order ON order_refunds (order_id);

-- Which orders count against a coupon's limits.
CREATE TABLE coupon_uses (
    coupon_id uuid NOT NULL REFERENCES coupons (id),
    order_id uuid NOT NULL REFERENCES orders (id),
    user_id uuid NOT NULL,
    CONSTRAINT coupon_uses_pk PRIMARY KEY (order_id)
);

CREATE INDEX coupon_uses_by_user ON coupon_uses (user_id, coupon_id);

-- The last number of each series and year.
CREATE TABLE document_counters (
    series text NOT NULL,
    year int NOT NULL,
    last bigint NOT NULL,
    CONSTRAINT document_counters_pk PRIMARY KEY (series, year)
);

-- Invoices and credit notes. First due, then numbered with their content for good, then drawn.
CREATE TABLE documents (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    kind text NOT NULL,
    -- Of a credit note: the refund it is for.
    refund_id uuid,
    due_at timestamptz NOT NULL DEFAULT now(),
    series text,
    year int,
    sequence bigint,
    number text,
    issued_at timestamptz,
    -- The content as canonical JSON, encrypted, and its SHA-256 before that.
    content bytea,
    content_hash bytea,
    template_version int,
    -- Nobody else draws it before then.
    drawing_until timestamptz,
    -- The PDF, encrypted.
    pdf bytea,
    drawn_at timestamptz,
    CONSTRAINT documents_kind_known CHECK (kind IN ('invoice', 'credit_note')),
    CONSTRAINT documents_refund_of_credit_note CHECK ((refund_id IS NOT NULL) = (kind = 'credit_note')),
    CONSTRAINT documents_number_unique UNIQUE (series, year, sequence),
    CONSTRAINT documents_issued_whole CHECK (
        num_nulls(series, year, sequence, number, issued_at, content, content_hash, template_version) IN (0, 8)
    ),
    CONSTRAINT documents_drawn_after_issue CHECK (
        (pdf IS NULL) = (drawn_at IS NULL) AND (pdf IS NULL OR number IS NOT NULL)
    )
);

CREATE UNIQUE INDEX documents_one_invoice ON documents (order_id) WHERE kind = 'invoice';
CREATE UNIQUE INDEX documents_one_credit_note ON documents (refund_id) WHERE kind = 'credit_note';
CREATE INDEX documents_by_order ON documents (order_id);
CREATE INDEX documents_to_issue ON documents (due_at, id) WHERE number IS NULL;
CREATE INDEX documents_to_draw ON documents (issued_at) WHERE number IS NOT NULL AND pdf IS NULL;

-- What is issued stays as it is.
CREATE FUNCTION documents_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a document is never deleted' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.number IS NOT NULL AND (
        (OLD.id, OLD.order_id, OLD.kind, OLD.refund_id, OLD.series, OLD.year, OLD.sequence, OLD.number, OLD.issued_at,
         OLD.content, OLD.content_hash, OLD.template_version)
        IS DISTINCT FROM
        (NEW.id, NEW.order_id, NEW.kind, NEW.refund_id, NEW.series, NEW.year, NEW.sequence, NEW.number, NEW.issued_at,
         NEW.content, NEW.content_hash, NEW.template_version)
        OR OLD.pdf IS NOT NULL AND NEW.pdf IS DISTINCT FROM OLD.pdf
    ) THEN
        RAISE EXCEPTION 'an issued document does not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER documents_stay BEFORE UPDATE OR DELETE ON documents
    FOR EACH ROW EXECUTE FUNCTION documents_stay();

-- Buyers' own words are forgotten with them; otherwise the history stays as it is.
CREATE FUNCTION order_history_forget(buyer uuid) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
    UPDATE order_history SET note = NULL
    WHERE actor = 'customer' AND note IS NOT NULL AND order_id IN (SELECT id FROM orders WHERE user_id = buyer)
$$;

-- The runtime role, which has the schema's name, may add to the history and read it.
DO $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON order_history FROM %I', current_schema());
    EXECUTE format('REVOKE DELETE, TRUNCATE ON documents FROM %I', current_schema());
    -- A function with its owner's rights must not look names up where its caller says.
    EXECUTE format('ALTER FUNCTION order_history_forget(uuid) SET search_path = %I, pg_temp', current_schema());
    REVOKE ALL ON FUNCTION order_history_forget(uuid) FROM PUBLIC;
    EXECUTE format('GRANT EXECUTE ON FUNCTION order_history_forget(uuid) TO %I', current_schema());
END
$$;
