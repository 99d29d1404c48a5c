require('pg').connect(process.env.DATABASE_URL);
require('redis').createClient({ url: process.env.REDIS_URL });
