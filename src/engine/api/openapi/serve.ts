import type { Catalogue } from '../../kinds/index.ts';
import type { Discovery } from '../discovery/discovery.ts';
import type { Exchange } from '../exchange.ts';

export interface OpenApi {
  serve(exchange: Exchange): Promise<boolean>;
}

export function createOpenApi(_catalogue: Catalogue, _discovery: Discovery): OpenApi {
  return { serve: () => Promise.resolve(false) };
}
