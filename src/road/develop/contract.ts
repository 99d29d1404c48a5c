import type { Clock } from '../../base/index.ts';
import type { HttpClient, HttpClientOptions } from '../../engine/client/index.ts';

/** Files of the build context that are in the image as they are. */
export interface SyncFolder {
  /** A folder or file relative to the context; empty: all of it. */
  readonly from: string;
  /** Where it is in the image, absolute. */
  readonly to: string;
}

/** How a saved file comes to be served. */
export type DevelopmentWay =
  | {
      readonly is: 'sync';
      readonly folders: readonly SyncFolder[];
      /** The folder of the image that all of them lie in; it is made writable in the running container. */
      readonly root: string;
      /** Whether the app must be started again to see a changed file; static files and PHP are read anew by themselves. */
      readonly restart: boolean;
      /** Run in the container after files have changed, before the app is started again; one line. */
      readonly build: string | undefined;
      /** Files that decide what is installed or how the image is made: patterns of `changeOf`. */
      readonly rebuild: readonly string[];
    }
  | {
      readonly is: 'rebuild';
      /** Why files cannot simply be put in place. */
      readonly why: string;
    };

/** A part of the app that is developed: a Deployment whose pods are replaced by one that files can be put into. */
export interface DevelopedPart {
  /** Name of the Deployment. */
  readonly deployment: string;
  /** Finds its pods. */
  readonly labelSelector: string;
  /** Name of the container in them that runs the app. */
  readonly container: string;
  /** What its container runs: words, without the supervisor. */
  readonly command: readonly string[];
  /** Folder it is run in. */
  readonly workingDirectory: string;
  /** What it listens on; undefined for a worker. */
  readonly port: number | undefined;
}

/** Where the app runs. */
export interface DevelopmentPlace {
  readonly client: HttpClient;
  /** For exec, which is no request of the client's. */
  readonly connection: HttpClientOptions;
  readonly namespace: string;
  readonly app: string;
  readonly clock: Clock;
}

/** What came of putting files in place. */
export type SyncResult =
  | { readonly is: 'running' }
  /** `what`: the build, or the app itself; it goes on with what it had, or waits for the next save. */
  | { readonly is: 'failed'; readonly what: string; readonly output: readonly string[]; readonly logged?: boolean };

/** What happens while an app is developed. */
export type DevelopmentEvent =
  | {
      readonly type: 'changed';
      readonly paths: readonly string[];
      readonly by: 'sync' | 'rebuild';
      readonly why?: string;
    }
  /** From the save of the newest of the files to an answer of the new version. */
  | {
      readonly type: 'served';
      readonly paths: readonly string[];
      readonly by: 'sync' | 'rebuild';
      readonly tookMs: number;
    }
  | {
      readonly type: 'failed';
      readonly what: string;
      readonly output: readonly string[];
      /** The output is of the container's log, which `streamLogs` tells too. */
      readonly logged: boolean;
    };

export interface DevelopmentOptions {
  readonly place: DevelopmentPlace;
  /** The build context, full path. */
  readonly directory: string;
  readonly way: DevelopmentWay;
  readonly parts: readonly DevelopedPart[];
  /** Whether a path of the context stays out of the build. */
  readonly ignores: (path: string) => boolean;
  /** Makes another image and rolls to it; answers how things are done from then on. */
  readonly rebuild: () => Promise<Pick<DevelopmentOptions, 'way' | 'parts' | 'ignores'>>;
  /** Resolves when the app answers. */
  readonly isServed: (signal: AbortSignal) => Promise<void>;
  readonly onEvent: (event: DevelopmentEvent) => void;
  readonly onWatching: () => void;
  readonly signal: AbortSignal;
  /** Ends after the first change. */
  readonly once?: boolean;
}
