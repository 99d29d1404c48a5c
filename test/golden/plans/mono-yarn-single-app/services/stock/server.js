const app = require('express')();
app.get('/stock', () => {});
app.listen(process.env.STOCK_PORT || 7000);
