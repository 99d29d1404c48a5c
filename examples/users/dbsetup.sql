-- Safe to run any number of times.
CREATE TABLE IF NOT EXISTS users (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(64) NOT NULL UNIQUE,
  email VARCHAR(255) NOT NULL
);

INSERT INTO users (name, email)
VALUES ('admin', 'admin@example.com'), ('guest', 'guest@example.com')
ON DUPLICATE KEY UPDATE email = VALUES(email);
