export type * from './contract.ts';
export { execInPod, type RemoteExec } from './exec-stream.ts';
export { type HttpClient, httpClient } from './http-client.ts';
export type { HttpClientOptions, RawAnswer, RawRequest } from './http-transport.ts';
export { createInformers } from './informers.ts';
export { type KubeconfigOptions, kubeconfigPaths, readKubeconfig } from './kubeconfig.ts';
export { startLoop } from './loop.ts';
export { apiVersionOf, resourcePath } from './paths.ts';
export { createRecorder } from './recorder.ts';
