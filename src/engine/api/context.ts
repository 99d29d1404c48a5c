import type { Clock, Log } from '../../base/index.ts';
import type { Catalogue } from '../kinds/index.ts';
import type { Resources } from '../resources/index.ts';
import type { Aggregator } from './aggregation/aggregator.ts';
import type { Authenticator } from './authentication/authenticator.ts';
import type { ServiceAccountTokens } from './authentication/service-account-tokens.ts';
import type { Authorizer } from './authorization/attributes.ts';
import type { Policy } from './authorization/policy.ts';
import type { NodeLink } from './contract.ts';
import type { Metrics } from './metrics.ts';

/** What `/version` says. */
export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
  readonly gitCommit?: string;
  readonly gitTreeState?: string;
  readonly buildDate?: string;
  readonly goVersion?: string;
  readonly compiler?: string;
  readonly platform?: string;
}

/** What every part of the room is given. */
export interface ApiContext {
  readonly resources: Resources;
  readonly catalogue: Catalogue;
  readonly nodeLink: NodeLink;
  readonly clock: Clock;
  readonly log: Log;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly policy: Policy;
  readonly aggregator: Aggregator;
  readonly tokens: ServiceAccountTokens;
  readonly audiences: readonly string[];
  readonly metrics: Metrics;
  readonly version: VersionInfo;
  ready(): Record<string, boolean>;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
}
