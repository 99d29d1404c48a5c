const app = require('express')();
const PORT = 5050;
app.get('/', (request, response) => response.send('hi'));
app.listen(PORT);
