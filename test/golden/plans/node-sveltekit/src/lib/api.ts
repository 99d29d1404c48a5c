export const key = process.env.WEATHER_API_KEY;
