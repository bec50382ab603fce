import { alreadySo, type Decider } from '@tongdui/decider';
import type { EventStore, StoredFact } from '@tongdui/event-store';
import { splitOver } from '@tongdui/money';
import { pair } from '../services/clearing/src/pair.decider.ts';
import { allowance } from '../services/issuance/src/allowance.decider.ts';
import { pot } from '../services/issuance/src/pot.decider.ts';
import { journal } from '../services/ledger/src/journal.decider.ts';
import { invoice } from '../services/redemption/src/invoice.decider.ts';
import { payment } from '../services/redemption/src/payment.decider.ts';
import { voucher } from '../services/redemption/src/voucher.decider.ts';
import { holdKey } from '../services/redemption/src/voucher.state.ts';
import type { Plant } from './plants.ts';

/** Ten bugs that were made on purpose, each where somebody could make it. A simulation that does not find them proves nothing. */

/** The store with some of its methods replaced. */
const but = (store: EventStore, change: Partial<EventStore>): EventStore => ({
  epoch: store.epoch,
  onlyWriter: store.onlyWriter,
  append: (stream, expected, facts) => store.append(stream, expected, facts),
  read: (stream, options) => store.read(stream, options),
  readLast: (stream) => store.readLast(stream),
  follow: (options) => store.follow(options),
  head: (prefixes) => store.head(prefixes),
  probe: () => store.probe(),
  close: () => store.close(),
  ...change,
});

/** Puts another rule in the place of a decider's; the answer takes it out again. */
const ruled = <Command, State, Fact extends { readonly type: string }, Reason extends string>(
  decider: Decider<Command, State, Fact, Reason>,
  rule: (decide: typeof decider.decide) => typeof decider.decide,
): (() => void) => {
  const { decide } = decider;
  Object.assign(decider, { decide: rule(decide) });
  return () => void Object.assign(decider, { decide });
};

const noDuplicateDrop: Plant = {
  name: 'no duplicate drop',
  rules: () =>
    ruled(journal, (decide) => (command, state) => {
      if (command.type !== 'PostEvent' || state.is === 'unopened') return decide(command, state);
      return decide(command, { ...state, cursors: state.cursors.delete(command.event.source) });
    }),
};

const acknowledgeBeforeCommit: Plant = {
  name: 'acknowledge before commit',
  store: (store) =>
    but(store, {
      append: async (stream, expected, facts) => {
        const [last, head] = [await store.readLast(stream), await store.head()];
        const appending = store.append(stream, expected, facts);
        if ((last?.revision ?? -1) !== expected) return appending;
        return { is: 'appended', revision: expected + facts.length, position: String(Number(head) + facts.length).padStart(16, '0') };
      },
    }),
};

const noRevisionCheck: Plant = {
  name: 'no revision check',
  store: (store) =>
    but(store, {
      append: async (stream, _expected, facts) => {
        for (;;) {
          const result = await store.append(stream, (await store.readLast(stream))?.revision ?? -1, facts);
          if (result.is !== 'wrong-expected-revision') return result;
        }
      },
    }),
};

const relaySkipsOne: Plant = {
  name: 'relay that skips one on restart',
  store: (store, { lives }) =>
    but(store, {
      readLast: async (stream) => {
        const last = await store.readLast(stream);
        if (!last || lives === 1 || !stream.endsWith('.published')) return last;
        const source = last.metadata.source as { readonly position: string };
        const next = await factAfter(store, stream.slice(0, -'published'.length), source.position);
        return next ? { ...last, metadata: { ...last.metadata, source: { ...source, position: next.position } } } : last;
      },
    }),
};

const factAfter = async (store: EventStore, prefix: string, after: string): Promise<StoredFact | undefined> => {
  const ended = new AbortController();
  for await (const followed of store.follow({ prefixes: [prefix], after, signal: ended.signal })) {
    if (followed.is === 'caught-up') return undefined;
    const found = followed.facts.find(({ stream }) => !stream.endsWith('.published'));
    if (found) return found;
  }
  return undefined;
};

const noTombstones: Plant = {
  name: 'a release that overtakes its reserve',
  rules: () => {
    const undo = [
      ruled(
        voucher,
        (decide) => (command, state) =>
          command.type === 'ReleaseAmount' && state.holds.get(holdKey(command)) === undefined ? alreadySo : decide(command, state),
      ),
      ruled(
        pot,
        (decide) => (command, state) =>
          command.type === 'ReleasePot' && (state.is === 'unknown' || !state.commitments.has(command.applicationId))
            ? alreadySo
            : decide(command, state),
      ),
      ruled(allowance, (decide) => (command, state) => {
        const decision = decide(command, state);
        const isTombstone =
          command.type === 'ReleaseAllowance' &&
          decision.accepted &&
          decision.facts.every((fact) => 'amountFen' in fact && fact.amountFen === 0);
        return isTombstone ? alreadySo : decision;
      }),
      ruled(
        invoice,
        (decide) => (command, state) =>
          command.type === 'ReleaseSlice' &&
          !state.slices.some(({ claimId, attempt }) => claimId === command.claimId && attempt === command.attempt)
            ? alreadySo
            : decide(command, state),
      ),
      ruled(
        pair,
        (decide) => (command, state) =>
          command.type === 'ReleaseDraw' && !state.draws.has(command.reference) ? alreadySo : decide(command, state),
      ),
    ];
    return () => {
      for (const one of undo) one();
    };
  },
};

const cutOffReadsOpenCycle: Plant = {
  name: 'cut-off that reads which cycle is open',
  service: (service, { rows }) => {
    if (service.name !== 'clearing') return service;
    const openNow = () => rows.list<{ readonly id: string }>('cycles', { status: 'open' })[0]?.id;
    return {
      ...service,
      effects: (event) =>
        service.effects(event).map((effect) => {
          const command = effect.command as { readonly type: string; readonly cycle?: string };
          return command.type === 'SealSegment' ? { ...effect, command: { ...command, cycle: openNow() ?? command.cycle } } : effect;
        }),
    };
  },
};

const splitByBasisPoints: Plant = {
  name: 'split by basis points each time',
  rules: () =>
    ruled(voucher, (decide) => (command, state) => {
      const decision = decide(command, state);
      if (!decision.accepted || state.is === 'none') return decision;
      const facts = decision.facts.map((fact) =>
        fact.type === 'AmountReserved' ? { ...fact, slices: splitOver(fact.amountFen, state.slices) } : fact,
      );
      return { accepted: true, facts };
    }),
};

const sentAgainAfterUnknown: Plant = {
  name: 'payment sent again after unknown',
  rules: () =>
    ruled(
      payment,
      (decide) => (command, state) =>
        command.type === 'InstructPayment' && state.is === 'payment' && state.status === 'unknown'
          ? decide(command, { ...state, status: 'failed' })
          : decide(command, state),
    ),
};

const staleRefusal: Plant = { name: 'refusal answered from a stale cache', store: (store) => but(store, { onlyWriter: true }) };

const allowanceKept: Plant = {
  name: 'allowance not given back',
  service: (service) => ({
    ...service,
    effects: (event) => service.effects(event).filter(({ command }) => (command as { readonly type: string }).type !== 'GiveBackAllowance'),
  }),
};

export const planted: readonly Plant[] = [
  noDuplicateDrop,
  acknowledgeBeforeCommit,
  noRevisionCheck,
  relaySkipsOne,
  noTombstones,
  cutOffReadsOpenCycle,
  splitByBasisPoints,
  sentAgainAfterUnknown,
  staleRefusal,
  allowanceKept,
];
