export const secret = process.env.SESSION_SECRET;
