-- What the shop sells: categories, products, and the variants that are bought.

CREATE TABLE categories (
    id uuid PRIMARY KEY,
    parent_id uuid REFERENCES categories (id) ON DELETE RESTRICT,
    slug text NOT NULL,
    name text NOT NULL,
    description text,
    position integer NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT categories_slug_unique UNIQUE (slug),
    CONSTRAINT categories_slug_is_plain CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 100),
    CONSTRAINT categories_name_length CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT categories_not_its_own_parent CHECK (parent_id <> id)
);
CREATE INDEX categories_parent ON categories (parent_id);

-- What is found by its words: lower case, without accents where the language has them written otherwise.
CREATE TABLE products (
    id uuid PRIMARY KEY,
    sku text NOT NULL,
    slug text NOT NULL,
    title text NOT NULL,
    short_description text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    price numeric(14, 2) NOT NULL,
    currency char(3) NOT NULL,
    -- In grams and millimetres; dimensions are length, width and height, all three or none.
    weight_grams integer,
    length_mm integer,
    width_mm integer,
    height_mm integer,
    category_id uuid REFERENCES categories (id) ON DELETE RESTRICT,
    tags text[] NOT NULL DEFAULT '{}',
    is_active boolean NOT NULL DEFAULT true,
    is_featured boolean NOT NULL DEFAULT false,
    metadata jsonb NOT NULL DEFAULT '{}',
    -- The number that can be bought of all its variants, as inventory last said: for display and for filters.
    available bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    -- Words for full-text search, and one text for what is misspelt or only begun. 'simple' keeps each word as it is
    -- written: names of goods are not all English. SKUs of variants are added by whoever writes them.
    variant_skus text NOT NULL DEFAULT '',
    search_words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', title), 'A')
        || setweight(to_tsvector('simple', sku || ' ' || variant_skus), 'A')
        || setweight(array_to_tsvector(tags), 'B')
        || setweight(to_tsvector('simple', short_description), 'C')
        || setweight(to_tsvector('simple', description), 'D')
    ) STORED,
    search_text text GENERATED ALWAYS AS (lower(title || ' ' || sku || ' ' || variant_skus)) STORED,
    CONSTRAINT products_price_range CHECK (price BETWEEN 0 AND 100000000),
    CONSTRAINT products_currency_is_iso CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT products_sku_length CHECK (length(sku) BETWEEN 1 AND 64),
    CONSTRAINT products_title_length CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT products_slug_is_plain CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 120),
    CONSTRAINT products_weight_range CHECK (weight_grams BETWEEN 0 AND 1000000),
    CONSTRAINT products_dimensions_range CHECK (
        (length_mm IS NULL) = (width_mm IS NULL) AND (length_mm IS NULL) = (height_mm IS NULL)
        AND length_mm BETWEEN 1 AND 100000 AND width_mm BETWEEN 1 AND 100000 AND height_mm BETWEEN 1 AND 100000
        OR (length_mm IS NULL AND width_mm IS NULL AND height_mm IS NULL)
    ),
    CONSTRAINT products_tags_counted CHECK (cardinality(tags) <= 50)
);
-- What is deleted gives its names free.
CREATE UNIQUE INDEX products_sku_unique ON products (sku) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX products_slug_unique ON products (slug) WHERE deleted_at IS NULL;
-- Every order in which products are listed, for those that shoppers see.
CREATE INDEX products_by_age ON products (created_at DESC, id DESC) WHERE is_active AND deleted_at IS NULL;
CREATE INDEX products_by_price ON products (price, id) WHERE is_active AND deleted_at IS NULL;
CREATE INDEX products_by_title ON products (title, id) WHERE is_active AND deleted_at IS NULL;
CREATE INDEX products_by_category ON products (category_id, created_at DESC, id DESC) WHERE is_active AND deleted_at IS NULL;
CREATE INDEX products_featured ON products (created_at DESC, id DESC) WHERE is_featured AND is_active AND deleted_at IS NULL;
CREATE INDEX products_tags ON products USING gin (tags);
CREATE INDEX products_search_words ON products USING gin (search_words);
CREATE INDEX products_search_text ON products USING gin (search_text extensions.gin_trgm_ops);

CREATE TABLE variants (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES products (id),
    sku text NOT NULL,
    name text,
    price_delta numeric(14, 2) NOT NULL DEFAULT 0,
    options jsonb NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    position integer NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    -- What inventory last said, and in which of its versions.
    available bigint NOT NULL DEFAULT 0,
    stock_version bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    CONSTRAINT variants_sku_length CHECK (length(sku) BETWEEN 1 AND 64),
    CONSTRAINT variants_name_length CHECK (length(name) BETWEEN 1 AND 100)
);
CREATE UNIQUE INDEX variants_sku_unique ON variants (sku) WHERE deleted_at IS NULL;
CREATE INDEX variants_by_product ON variants (product_id, position, id) WHERE deleted_at IS NULL;

CREATE TABLE images (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    asset_id uuid,
    url text NOT NULL,
    alt text NOT NULL DEFAULT '',
    kind text NOT NULL DEFAULT 'gallery',
    position integer NOT NULL DEFAULT 0,
    CONSTRAINT images_url_length CHECK (length(url) BETWEEN 1 AND 2000),
    CONSTRAINT images_alt_length CHECK (length(alt) <= 200),
    CONSTRAINT images_kind_known CHECK (kind IN ('gallery', 'thumbnail'))
);
CREATE INDEX images_by_product ON images (product_id, position, id);

CREATE TABLE wishlist_items (
    user_id uuid NOT NULL,
    product_id uuid NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    variant_id uuid REFERENCES variants (id) ON DELETE CASCADE,
    added_at timestamptz NOT NULL,
    CONSTRAINT wishlist_items_pk PRIMARY KEY (user_id, product_id)
);
CREATE INDEX wishlist_items_by_product ON wishlist_items (product_id);
CREATE INDEX wishlist_items_by_variant ON wishlist_items (variant_id);
