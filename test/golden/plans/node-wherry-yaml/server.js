require('express')().listen(process.env.PORT || 3000);
const host = process.env.DB_HOST;
