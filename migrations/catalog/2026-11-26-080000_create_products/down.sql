DROP TABLE wishlist_items;
DROP TABLE images;
DROP TABLE variants;
DROP TABLE products;
DROP TABLE categories;
