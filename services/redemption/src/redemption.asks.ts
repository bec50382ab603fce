import { RedemptionAsk } from '@tongdui/contracts';
import { type PartAnswer, unreachable } from '@tongdui/decider';
import type { Ran } from '@tongdui/decider/handle';
import { commandIdOf, streamOf } from '@tongdui/decider/operation';
import type { JsonObject } from '@tongdui/event-store';
import { type CrashPoint, Unreachable } from '@tongdui/runtime';
import type { Handlers } from './handlers.ts';
import type { RedemptionCrashPoint } from './redemption.crash-points.ts';
import { holdOf } from './voucher.state.ts';

/** What coordinators ask of this service's streams: the same function when they live here, request/reply when not. */
export const asks =
  ({ voucher, invoice, payment }: Handlers, crash: CrashPoint) =>
  async (asked: JsonObject): Promise<PartAnswer> => {
    const ask = RedemptionAsk.parse(asked);
    const reached = (point: RedemptionCrashPoint) => crash(point);
    const { at } = ask;
    switch (ask.type) {
      case 'reserve-amount':
      case 'release-amount':
      case 'lower-amount':
      case 'redeem-amount':
      case 'restore-amount': {
        const stream = streamOf('redemption', ask.voucherId);
        const { orderId, contract } = ask;
        const hold = { orderId, contract, at };
        const step = 'claimId' in ask ? `${ask.type}/${ask.cause}` : 'amendment' in ask ? `${ask.type}/${ask.amendment}` : ask.type;
        const id = commandIdOf(`${ask.voucherId}/${orderId}/${contract}`, step);
        const { type: _, voucherId: __, ...rest } = ask;
        const ran = await voucher.run(stream, { id, command: { ...rest, ...hold, type: commandTypes[ask.type] } as never });
        reached(`voucher.after-${ask.type}`);
        return answerOf(ran, (state) => ({ slices: holdOf(state, hold)?.slices.filter((slice) => slice.amountFen > 0) ?? [] }));
      }
      case 'take-slice':
      case 'lower-slice':
      case 'release-slice': {
        const stream = `redemption.G60.invoice-${ask.invoice}`;
        const { type: _, home: __, invoice: digest, ...rest } = ask;
        const id = commandIdOf(`${digest}/${ask.claimId}/${ask.attempt}`, ask.type);
        const command =
          ask.type === 'take-slice' ? { ...rest, digest, type: commandTypes[ask.type] } : { ...rest, type: commandTypes[ask.type] };
        const ran = await invoice.run(stream, { id, command: command as never });
        reached(`invoice.after-${ask.type}`);
        return answerOf(ran, () => ({}));
      }
      case 'cancel-payment': {
        const stream = streamOf('redemption', ask.paymentId);
        const command = { type: 'CancelPayment', paymentId: ask.paymentId, at } as const;
        const ran = await payment.run(stream, { id: commandIdOf(stream, `cancel/${at}`), command });
        reached(`payment.after-${ask.type}`);
        return answerOf(ran, () => ({}));
      }
      case 'concede-payment': {
        const stream = streamOf('redemption', ask.paymentId);
        const { instruction } = ask;
        const ran = await payment.run(stream, {
          id: commandIdOf(stream, `concede/${instruction}`),
          command: { type: 'ConcedePayment', instruction, at },
        });
        return answerOf(ran, () => ({}));
      }
      default:
        return unreachable(ask);
    }
  };

const commandTypes = {
  'reserve-amount': 'ReserveAmount',
  'release-amount': 'ReleaseAmount',
  'lower-amount': 'LowerAmount',
  'redeem-amount': 'RedeemAmount',
  'restore-amount': 'RestoreAmount',
  'take-slice': 'TakeSlice',
  'lower-slice': 'LowerSlice',
  'release-slice': 'ReleaseSlice',
} as const;

/** A store that does not answer, or a stream that is too busy, is no refusal: the coordinator asks again. */
const answerOf = <State>(ran: Ran<State, unknown, string>, data: (state: State) => unknown): PartAnswer => {
  if (ran.is === 'accepted') return { is: 'yes', data: data(ran.state) };
  if (ran.reason === 'contended' || ran.reason === 'store-unavailable') throw new Unreachable(ran.reason);
  return { is: 'no', reason: ran.reason };
};
