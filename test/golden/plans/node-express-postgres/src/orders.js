const router = require('express').Router();

module.exports = () => {
  router.get('/', list);
  router.get('/:id', one);
  router.post('/', create);
  return router;
};
