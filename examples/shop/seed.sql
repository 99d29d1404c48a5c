-- May run again: what is there stays.
CREATE TABLE IF NOT EXISTS goods (
  id serial PRIMARY KEY,
  name text NOT NULL UNIQUE,
  price_cents integer NOT NULL CHECK (price_cents > 0)
);
CREATE TABLE IF NOT EXISTS orders (
  id serial PRIMARY KEY,
  goods_id integer NOT NULL REFERENCES goods,
  ordered_at timestamptz NOT NULL DEFAULT now(),
  packed_at timestamptz
);
INSERT INTO goods (name, price_cents) VALUES ('rope', 1250), ('oar', 4900), ('lantern', 2300)
ON CONFLICT (name) DO NOTHING;
