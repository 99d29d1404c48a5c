module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.addColumn('entries', 'amount', { type: Sequelize.INTEGER, allowNull: false });
    await queryInterface.removeColumn('entries', 'note');
  },
  async down(queryInterface) {
    await queryInterface.removeColumn('entries', 'amount');
  },
};
