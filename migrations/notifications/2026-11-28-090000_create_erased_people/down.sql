DROP TABLE erased_people;
