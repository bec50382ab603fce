import type { Home, Producer, ServiceName } from '@tongdui/contracts';
import { messageOf } from './seams.ts';
import { type Subscription, type Transport, Unreachable } from './transport.ts';

/** The other side was reached but failed to answer. Like `Unreachable`: to be asked again, never taken for a refusal. */
export class AnswerFailed extends Unreachable {
  override name = 'AnswerFailed';
}

/** Asks the service of a home for a decision. Rejects with `Unreachable` when there is no answer in time. */
export const ask = async <Answer>(
  transport: Transport,
  address: Producer,
  payload: unknown,
  options: { readonly timeoutMs?: number; readonly parse: (answer: unknown) => Answer },
): Promise<Answer> => {
  const reply = (await transport.request({ ...address, verb: 'ask' }, payload, options.timeoutMs ?? 2_000)) as Reply | null;
  if (reply && 'answer' in reply) return options.parse(reply.answer);
  throw new AnswerFailed(
    reply && 'error' in reply ? `${address.service} of ${address.home} failed: ${reply.error}` : 'the reply is no answer',
  );
};

type Reply = { readonly answer: unknown } | { readonly error: string };

/** Answers what others ask this service about these homes. A handler that rejects makes the asker try again. */
export const answerAsks = (
  transport: Transport,
  service: ServiceName,
  homes: readonly Home[],
  handler: (payload: unknown, home: Home) => Promise<unknown>,
): Subscription => {
  const subscriptions = homes.map((home) =>
    transport.respond({ home, service, verb: 'ask' }, async (payload): Promise<Reply> => {
      try {
        return { answer: (await handler(payload, home)) ?? null };
      } catch (error) {
        return { error: messageOf(error) };
      }
    }),
  );
  return {
    close: async () => {
      await Promise.all(subscriptions.map((subscription) => subscription.close()));
    },
  };
};
