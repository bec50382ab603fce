import type { Fen, Instant, PaymentId, PaymentReference } from '@tongdui/contracts';
import { alreadySo, type Decision, record, refuse, unreachable } from '@tongdui/decider';
import type { DrawWas, Fact } from './pair.facts.ts';
import { evolve, type State } from './pair.state.ts';
import { headroomOf } from './pair.totals.ts';

/** The prefund of the debtor at the creditor, and the payments that wait for its cover. */
export type PrefundCommand =
  | { readonly type: 'DepositPrefund'; readonly movementId: string; readonly amountFen: Fen; readonly at: Instant }
  | { readonly type: 'WithdrawPrefund'; readonly movementId: string; readonly amountFen: Fen; readonly at: Instant }
  | {
      readonly type: 'DrawPrefund';
      readonly paymentId: PaymentId;
      readonly reference: PaymentReference;
      readonly amountFen: Fen;
      readonly at: Instant;
    }
  | { readonly type: 'ReleaseDraw'; readonly reference: PaymentReference; readonly at: Instant }
  /** Goes on where one append was too small for the whole queue. */
  | { readonly type: 'GrantQueued'; readonly at: Instant };

/** In order of precedence. */
export type PrefundReason =
  /** The draw was released before; a new instruction of the payment has a new reference. */
  | 'draw-released'
  | 'draw-differs'
  /** Only what nothing draws on may be withdrawn, and not before those that wait. */
  | 'headroom-short';

/** An append holds 100 facts, and a grant is never alone. */
const grantsMax = 50;

export const decidePrefund = (command: PrefundCommand, state: State): Decision<Fact, PrefundReason> => {
  const { at } = command;
  switch (command.type) {
    case 'DepositPrefund':
      return andGrants(state, { type: 'PrefundDeposited', movementId: command.movementId, amountFen: command.amountFen, at });
    case 'WithdrawPrefund':
      if (state.queue.size > 0 || command.amountFen > headroomOf(state.totals)) return refuse('headroom-short');
      return record({ type: 'PrefundWithdrawn', movementId: command.movementId, amountFen: command.amountFen, at });
    case 'DrawPrefund':
      return draw(command, state);
    case 'ReleaseDraw': {
      const before = state.draws.get(command.reference);
      if (before?.is === 'released' || before?.is === 'used') return alreadySo;
      return andGrants(state, { type: 'DrawReleased', reference: command.reference, ...drawBefore(state, command.reference), at });
    }
    case 'GrantQueued':
      return record(...grantsOf(state, at));
    default:
      return unreachable(command);
  }
};

const draw = (command: Extract<PrefundCommand, { type: 'DrawPrefund' }>, state: State): Decision<Fact, PrefundReason> => {
  const { paymentId, reference, amountFen, at } = command;
  const before = state.draws.get(reference);
  switch (before?.is) {
    case 'used':
      return alreadySo;
    case 'granted':
    case 'queued':
      return before.amountFen === amountFen ? alreadySo : refuse('draw-differs');
    case 'released':
      return refuse('draw-released');
    default: {
      const granted = state.queue.size === 0 && amountFen <= headroomOf(state.totals);
      return granted
        ? record<Fact>({ type: 'DrawGranted', paymentId, reference, amountFen, waited: false, more: false, at })
        : record<Fact>({ type: 'DrawQueued', paymentId, reference, amountFen, at });
    }
  }
};

/** How a draw stands that is about to end. */
export const drawBefore = (state: State, reference: PaymentReference): { readonly was: DrawWas; readonly amountFen: Fen } => {
  const before = state.draws.get(reference);
  return before?.is === 'queued' || before?.is === 'granted'
    ? { was: before.is, amountFen: before.amountFen }
    : { was: 'unseen', amountFen: 0 as Fen };
};

/** The fact, and what the headroom it may give back grants. */
export const andGrants = (state: State, fact: Fact) => record<Fact>(fact, ...grantsOf(evolve(state, fact), fact.at));

/** First in, first out: the head of the queue is never overtaken by a smaller draw behind it. */
const grantsOf = (state: State, at: Instant): Fact[] => {
  const grants: Fact[] = [];
  let now = state;
  for (;;) {
    const head = headOf(now);
    if (!head || head.amountFen > headroomOf(now.totals)) return grants;
    const next = { type: 'DrawGranted', ...head, waited: true, at } as const;
    now = evolve(now, { ...next, more: false });
    const more = grants.length + 1 === grantsMax && now.queue.size > 0;
    grants.push({ ...next, more });
    if (more) return grants;
  }
};

const headOf = (state: State) => {
  const reference = state.queue.get(state.firstPlace);
  const waiting = reference && state.draws.get(reference);
  return waiting?.is === 'queued' ? { paymentId: waiting.paymentId, reference: reference!, amountFen: waiting.amountFen } : undefined;
};
