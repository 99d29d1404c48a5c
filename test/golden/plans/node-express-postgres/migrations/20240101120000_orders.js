exports.up = (knex) =>
  knex.schema.createTable('orders', (table) => {
    table.increments('id');
    table.string('customer').notNullable();
    table.string('email');
  });

exports.down = (knex) => knex.schema.dropTable('orders');
