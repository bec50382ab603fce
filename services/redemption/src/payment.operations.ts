import { actsAs, type Fen, homeOf, type LocalDate, type PaymentId, type PaymentReference } from '@tongdui/contracts';
import { type Answer, answered, asked, outcomeWaitMs, type Request, refused, streamOf } from '@tongdui/decider/operation';
import type { Handlers } from './handlers.ts';
import type { Command, Reason } from './payment.decider.ts';
import type { State } from './payment.state.ts';
import type { Copies } from './redemption.copies.ts';

/** A host-fronted payment can also be refused by the prefund's stream, with a reason of its own. */
export type PaymentReason = Reason | 'draw-refused';
type Id = { readonly id: PaymentId };

export const paymentOperations = ({ payment }: Pick<Handlers, 'payment'>, copies: Copies) => {
  const streamFor = (id: PaymentId) => streamOf('redemption', id);
  const asPayer = async (request: Request, id: PaymentId, command: Command): Promise<Answer<PaymentReason>> => {
    if (!actsAs(request.actor, 'payer', homeOf(id))) return refused('not-allowed');
    return answered(id, await payment.run(streamFor(id), asked(request, command)));
  };

  return {
    /** Answers when the bank has, or with 202 when the prefund is short (the payment waits its turn) or the bank slow. */
    instructPayment: async (request: Request, { id, n }: Id & { n: number }): Promise<Answer<PaymentReason>> => {
      const { actor, at } = request;
      if (!actsAs(actor, 'payer', homeOf(id))) return refused('not-allowed');
      const { state: known } = await payment.current(streamFor(id));
      const account = known.is === 'payment' ? copies.account(known.payee, known.home, known.host) : undefined;
      const command: Command = { type: 'InstructPayment', instruction: n, by: actor.sub, ...(account ? { account } : {}), at };
      const ran = await payment.run(streamFor(id), asked(request, command));
      if (ran.is === 'refused') return ran;
      const { state, revision, position } = await payment.until(
        streamFor(id),
        (seen) => outcomeOf(seen, n) !== 'pending' || isQueued(seen),
        outcomeWaitMs,
      );
      const outcome = outcomeOf(state, n);
      if (outcome === 'draw-refused') return refused('draw-refused');
      return outcome === 'done'
        ? { is: 'done', created: !ran.repeated, id, revision, position }
        : { is: 'pending', id, revision, position };
    },

    enterStatementLine: (
      request: Request,
      { id, reference, outcome, bookedOn }: Id & { reference: PaymentReference; outcome: 'paid' | 'failed'; bookedOn: LocalDate },
    ) => asPayer(request, id, { type: 'EnterStatementLine', reference, outcome, bookedOn, by: request.actor.sub, at: request.at }),
    returnPayment: (request: Request, { id, returnedOn, reason }: Id & { returnedOn: LocalDate; reason: string }) =>
      asPayer(request, id, { type: 'ReturnPayment', returnedOn, reason, by: request.actor.sub, at: request.at }),
    recoverPayment: (request: Request, { id, recoveredOn, amountFen }: Id & { recoveredOn: LocalDate; amountFen: Fen }) =>
      asPayer(request, id, { type: 'RecoverPayment', recoveredOn, amountFen, by: request.actor.sub, at: request.at }),
  };
};

const isQueued = (state: State): boolean => state.is === 'payment' && state.status === 'queued';

/** A queued draw is as far as the instruction can get for now; the bank's answer, whichever, ends it. */
const outcomeOf = (state: State, instruction: number): 'pending' | 'done' | 'draw-refused' => {
  if (state.is !== 'payment' || state.instruction !== instruction) return 'done';
  if (state.status === 'asking' || state.status === 'queued' || state.status === 'instructed') return 'pending';
  return state.status === 'failed' && state.drawRefused ? 'draw-refused' : 'done';
};
