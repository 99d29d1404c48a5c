module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.createTable('entries', { id: Sequelize.INTEGER });
  },
  async down(queryInterface) {
    await queryInterface.dropTable('entries');
  },
};
