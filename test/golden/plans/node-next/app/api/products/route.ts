import { pool } from '../../../lib/database';

export async function GET() {
  const [rows] = await pool.query('SELECT * FROM products');
  return Response.json(rows);
}
