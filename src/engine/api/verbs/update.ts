import type { Target } from '../../resources/index.ts';
import { checkEscalation } from '../authorization/escalation.ts';
import { decodeBody } from '../body.ts';
import type { ApiContext } from '../context.ts';
import type { Exchange } from '../exchange.ts';
import { requestOptions } from '../request-options.ts';
import { sendChanged } from './changed.ts';

/** PUT of one object or subresource. */
export async function updateObject(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const { body, faults } = await decodeBody(exchange, !target.info.custom);
  checkEscalation(context, exchange.user, target, body);
  const { object, created } = await context.resources.update(target, body, requestOptions(exchange, faults));
  await sendChanged(context, exchange, target, object, created ? 201 : 200);
}
