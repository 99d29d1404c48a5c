module.exports = {
  output: 'standalone',
};
