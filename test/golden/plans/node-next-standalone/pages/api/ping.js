export default function handler(request, response) {
  response.json({ search: process.env.SEARCH_URL ?? 'http://localhost:7700' });
}
