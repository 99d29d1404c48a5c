import type { Target } from '../../resources/index.ts';
import { checkEscalation } from '../authorization/escalation.ts';
import { decodeBody } from '../body.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { requestOptions } from '../request-options.ts';
import { sendChanged } from './changed.ts';

/** POST to a collection or a subresource. */
export async function createObject(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const { body, faults } = await decodeBody(exchange, !target.info.custom);
  checkEscalation(context, exchange.user, target, body);
  const object = await context.resources.create(target, body, requestOptions(exchange, faults));
  await sendChanged(context, exchange, target, object, 201);
}
