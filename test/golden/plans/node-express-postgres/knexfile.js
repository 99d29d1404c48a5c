module.exports = {
  client: 'pg',
  connection: process.env.DATABASE_URL || 'postgres://orders:orders@localhost:5432/orders',
};
