require('dotenv').config();
const { SMTP_HOST, SMTP_PASSWORD, FROM_ADDRESS, PORT } = process.env;
require('node:http').createServer().listen(PORT);
