exports.up = (knex) =>
  knex.schema.alterTable('orders', (table) => {
    table.dropColumn('email');
    table.renameColumn('customer', 'customer_name');
  });

exports.down = (knex) => knex.schema.alterTable('orders', (table) => table.string('email'));
