DROP TABLE known_variants;
DROP TABLE cart_items;
DROP TABLE carts;
