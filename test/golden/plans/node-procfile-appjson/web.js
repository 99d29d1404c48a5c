const app = require('express')();
app.get('/', (request, response) => response.send(process.env.WELCOME));
app.listen(process.env.PORT, () => {});
const limit = process.env.ROOM_LIMIT;
const keys = process.env.SESSION_KEYS;
