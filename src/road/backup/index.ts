export { type BackupOptions, backup } from './backup.ts';
export type { BackupIndex, BackupPlace } from './contract.ts';
export { inspectBackup, type RestoreOptions, type RestoreResult, restore } from './restore.ts';
