/** The handle of the host's network namespace that the launcher leaves open. */
export const HOST_NETWORK_FD = 4;

/** What the launcher and the engine say to each other while the cluster starts. */
export type LauncherMessage = { type: 'door'; address: string } | { type: 'go' };
export type EngineMessage = { type: 'ready'; milliseconds: number } | { type: 'failed'; message: string };

export const apiDoor = (port: number) => `tcp/127.0.0.1:${port}`;
