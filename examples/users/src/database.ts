import mysql, { type RowDataPacket } from 'mysql2/promise';
import type { Settings } from './settings.js';

export interface User {
  id: number;
  name: string;
  email: string;
}

/** What the app needs of a database; the tests bring their own. */
export interface Database {
  users(): Promise<User[]>;
  /** Rejects when the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Connects when first used, so the process starts whether or not the database is there yet. */
export function openDatabase(settings: Settings['database']): Database {
  const pool = mysql.createPool({
    host: settings.host,
    user: settings.user,
    password: settings.password,
    database: settings.name,
    connectionLimit: 10,
    connectTimeout: 3000,
    enableKeepAlive: true,
  });
  return {
    async users() {
      const [rows] = await pool.query<(User & RowDataPacket)[]>('SELECT id, name, email FROM users ORDER BY id');
      return rows;
    },
    async ping() {
      await pool.query('SELECT 1');
    },
    close: () => pool.end(),
  };
}
