const { SESSION_SECRET: sessionSecret, LOG_LEVEL = 'info' } = process.env;

module.exports = {
  sessionSecret,
  logLevel: LOG_LEVEL,
  port: Number(process.env.PORT || 3000),
  // process.env.OLD_NAME is gone
  mailHost: process.env.SMTP_HOST ?? 'localhost',
  mailPort: Number(process.env.SMTP_PORT ?? 25),
};
