import { commandIdOf, type Request } from '@tongdui/decider/operation';

/**
 * A resource without a number of its own whose command can rightly come again: a claim is checked once per submission, a payment comes back
 * once per instruction. Within its turn a retry is recognised as ever; the next turn's command is a new one.
 */
export const inTurn = (request: Request, turn: number): Request => ({
  ...request,
  key: `${request.key}#${turn}`,
  id: commandIdOf(request.id, `turn/${turn}`),
});
