import { dateOf } from '@tongdui/calendar';
import { corridorHome, type Home, type Instant } from '@tongdui/contracts';
import { type Decider, PersistentMap } from '@tongdui/decider';
import type { JsonObject } from '@tongdui/event-store';
import type { FactProjection, FollowedFact, RowIndex } from '@tongdui/runtime/service';
import { claim } from './claim.decider.ts';
import type { State as ClaimState } from './claim.state.ts';
import { type State as EvidenceState, evidence } from './evidence.decider.ts';
import { type State as InvoiceState, invoice } from './invoice.decider.ts';
import { order } from './order.decider.ts';
import type { State as OrderState } from './order.state.ts';
import { payment } from './payment.decider.ts';
import type { State as PaymentState } from './payment.state.ts';
import { idOf } from './redemption.facts.ts';
import { statusOf } from './redemption.views.ts';
import { voucher } from './voucher.decider.ts';
import type { State as VoucherState } from './voucher.state.ts';

/**
 * A row keeps the state its decider would have, evolved by the decider's own rules; what people see is a view of it, made when it is read. So a
 * list can never disagree with the rules.
 */
const rowsOf = <State>(
  noun: string,
  table: string,
  { initial, evolve }: Pick<Decider<never, State, never, never>, 'initial' | 'evolve'>,
  index: (state: State) => RowIndex | undefined,
  { pack, unpack }: Packing<State> = plain as Packing<State>,
  beside: (before: JsonObject | undefined, followed: FollowedFact) => JsonObject = () => ({}),
): FactProjection => ({
  table,
  noun,
  rowId: table === 'invoices' ? ({ key }) => key : idOf,
  project: (before, followed: FollowedFact) => {
    const state = evolve(before ? unpack(before.state as JsonObject) : initial, followed.fact as never);
    // A tombstone of something that never came to be is nothing to show, but must be remembered for what follows.
    return { revision: followed.revision, state: pack(state), ...beside(before, followed) };
  },
  index: (body) => index(unpack(body.state as JsonObject)) ?? { home: corridorHome, status: 'nothing' },
});

type Packing<State> = { readonly pack: (state: State) => JsonObject; readonly unpack: (packed: JsonObject) => State };
const plain: Packing<unknown> = { pack: (state) => state as JsonObject, unpack: (packed) => packed };

/** States with a map are kept with its entries as a list. */
const packedMap = <State, Field extends keyof State>(field: Field): Packing<State> => ({
  pack: (state) => ({ ...(state as object), [field]: [...(state[field] as PersistentMap<string, JsonObject>).entries()] }),
  unpack: (packed) => ({ ...packed, [field]: PersistentMap(packed[field as string] as [string, JsonObject][]) }) as State,
});

/** No rule asks when a claim was first submitted; an auditor does. */
const firstSubmission = (before: JsonObject | undefined, { fact }: FollowedFact): JsonObject => {
  if (before?.submittedOn !== undefined) return { submittedOn: before.submittedOn };
  return fact.type === 'SubmissionMade' ? { submittedOn: dateOf(fact.at as Instant) } : {};
};

const home = (city: string): Home => city as Home;

export const projections: readonly FactProjection[] = [
  rowsOf<VoucherState>(
    'voucher',
    'vouchers',
    voucher,
    (state) => (state.is === 'none' ? undefined : { home: home(state.home), status: statusOf(state), enterprise: state.enterprise }),
    packedMap('holds'),
  ),
  rowsOf<OrderState>('order', 'orders', order, (state) =>
    state.is === 'none'
      ? undefined
      : { home: home(state.home), host: state.host, status: state.is, enterprise: state.enterprise, lab: state.lab },
  ),
  rowsOf<EvidenceState>('evidence', 'evidence', evidence, (state) =>
    state.is === 'none' ? undefined : { home: home(state.home), enterprise: state.organisation, lab: state.organisation },
  ),
  rowsOf<InvoiceState>(
    'invoice',
    'invoices',
    invoice,
    ({ invoice: known }) => known && { home: corridorHome, enterprise: known.buyer, lab: known.seller },
    packedMap('refused'),
  ),
  rowsOf<ClaimState>(
    'claim',
    'claims',
    claim,
    (state) =>
      state.is === 'none'
        ? undefined
        : { home: home(state.home), host: state.host, status: state.status, enterprise: state.enterprise, lab: state.lab },
    undefined,
    firstSubmission,
  ),
  rowsOf<PaymentState>('payment', 'payments', payment, (state) =>
    state.is === 'payment'
      ? {
          home: home(state.payer),
          host: state.home,
          status: state.status,
          enterprise: state.enterprise,
          ...(state.payee.kind === 'lab' ? { lab: state.payee.uscc } : {}),
        }
      : undefined,
  ),
];
