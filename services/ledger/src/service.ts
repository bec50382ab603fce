import { bookHomeOf } from '@tongdui/contracts';
import type { Deps, Service } from '@tongdui/runtime';
import { journalHandler, openJournalOf } from './journal.handler.ts';
import { effectsOf } from './ledger.process.ts';
import { projections } from './ledger.projection.ts';

/** The ledger: it decides nothing, publishes nothing and asks nobody; it posts what the others publish. */
export const ledger = ({ store, wall }: Pick<Deps, 'store' | 'wall'>): Service => ({
  name: 'ledger',
  publish: () => [],
  projections,
  hears: ['issuance', 'redemption', 'clearing'],
  copies: [],
  effects: effectsOf(bookHomeOf, openJournalOf),
  work: () => ({}),
  perform: async (work) => {
    throw new Error(`the ledger opens no work, yet there is ${work.kind}`);
  },
  asks: async () => ({ is: 'no', reason: 'ask-unknown' }),
  handlers: { journal: journalHandler(store, { wall }) },
});
