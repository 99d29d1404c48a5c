export default defineNuxtConfig({ runtimeConfig: { redisUrl: process.env.REDIS_URL } });
