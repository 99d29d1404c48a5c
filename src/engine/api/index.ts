export { type Api, type ApiOptions, createApi } from './api.ts';
export type {
  BoundObject,
  IssuedToken,
  ServiceAccountKeys,
  TokenWanted,
} from './authentication/service-account-tokens.ts';
export { defaultRoles } from './authorization/default-roles.ts';
export type { VersionInfo } from './context.ts';
export type * from './contract.ts';
export type { Certificates } from './server.ts';
