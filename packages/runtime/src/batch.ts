import { type Actor, type CommandAnswer, type ProblemDetails, Text } from '@tongdui/contracts';
import { StoreUnavailable } from '@tongdui/event-store';
import { z } from 'zod';
import type { CommandContext, CommandEndpoint, CommandReply } from './command-route.ts';
import { messageOf } from './host.seams.ts';
import { detailsOf, FailureError, failure, invalid } from './problems.ts';
import type { RouteTable } from './route-table.ts';
import type { Log } from './seams.ts';

/** `PUT /batches/{id}`: up to 100 commands of one person, each with its own answer. A retry answers each item as its own retry would. */
const BatchBody = z.strictObject({
  items: z
    .array(z.strictObject({ path: z.string().startsWith('/').max(500), body: z.unknown() }))
    .min(1)
    .max(100),
});
export type BatchItemAnswer =
  | { readonly path: string; readonly status: number; readonly answer: CommandAnswer }
  | { readonly path: string; readonly status: number; readonly problem: ProblemDetails };

export const batchAnswer = async (
  call: { readonly id: string; readonly body: unknown; readonly actor: Actor; readonly traceId: string; readonly log: Log },
  table: RouteTable<CommandEndpoint>,
  context: CommandContext,
): Promise<{ id: string; items: BatchItemAnswer[] }> => {
  const id = Text.max(100).safeParse(call.id);
  if (!id.success) throw new FailureError(invalid('path.id', id.error));
  const parsed = BatchBody.safeParse(call.body);
  if (!parsed.success) throw new FailureError(invalid('body', parsed.error));

  const run = async (path: string, body: unknown): Promise<CommandReply> => {
    const found = table.find(path);
    if (!found) return { is: 'failed', failure: failure('not-found') };
    try {
      return await found.target.run({ actor: call.actor, params: found.params, body }, context);
    } catch (error) {
      if (error instanceof FailureError) return { is: 'failed', failure: error.failure };
      if (error instanceof StoreUnavailable) return { is: 'failed', failure: failure('store-unavailable') };
      call.log.error({ path, traceId: call.traceId, error: messageOf(error) }, 'an item of a batch failed unexpectedly');
      return { is: 'failed', failure: failure('internal') };
    }
  };

  // All start in one turn: commands for the same stream share an append.
  const items = await Promise.all(
    parsed.data.items.map(async ({ path, body }): Promise<BatchItemAnswer> => {
      const reply = await run(path, body);
      if (reply.is === 'answered') return { path, status: reply.status, answer: reply.answer };
      return { path, status: reply.failure.problem.status, problem: detailsOf(reply.failure, path, call.traceId) };
    }),
  );
  return { id: id.data, items };
};
