import type { Socket } from 'node:net';
import { badRequest, forbidden } from '../../kinds/index.ts';
import type { Exchange } from '../exchange.ts';
import { headerOf } from '../http.ts';
import { releaseResponse } from './websocket.ts';

/**
 * Answers an upgrade to SPDY/3.1 with the first of the client's protocols that is known.
 * @throws StatusError 400 when it is no such upgrade, 403 without a common protocol (as upstream's Handshake)
 */
export function acceptSpdy(
  exchange: Exchange,
  known: readonly string[],
): { socket: Socket; head: Buffer; protocol: string } {
  const { request, upgrade, response } = exchange;
  if (!upgrade || headerOf(request.headers, 'upgrade')?.toLowerCase() !== 'spdy/3.1') {
    throw badRequest('Upgrade request required');
  }
  const offered = protocolsOf(request.headers['x-stream-protocol-version']);
  const protocol = offered.length === 0 ? known.at(-1) : offered.find((word) => known.includes(word));
  if (protocol === undefined) {
    throw forbidden(
      { group: '', resource: '' },
      '',
      `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${known.join(' ')}]`,
    );
  }
  const audit = (response as { getHeader?: (name: string) => unknown }).getHeader?.('audit-id');
  releaseResponse(exchange);
  const { socket, head } = upgrade;
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    ...(offered.length > 0 ? [`X-Stream-Protocol-Version: ${protocol}`] : []),
    ...(typeof audit === 'string' ? [`Audit-Id: ${audit}`] : []),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return { socket, head, protocol };
}

/** The header comes once a protocol; node joins repeated ones with commas. */
function protocolsOf(value: string | string[] | undefined): string[] {
  const words = Array.isArray(value) ? value : (value?.split(',') ?? []);
  return words.map((word) => word.trim()).filter((word) => word !== '');
}
