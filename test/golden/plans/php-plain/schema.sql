CREATE TABLE guests (id INT);
