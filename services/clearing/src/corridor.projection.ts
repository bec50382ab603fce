import { type AgreementView, type CycleView, corridorHome, type Fen } from '@tongdui/contracts';
import { unreachable } from '@tongdui/decider';
import type { JsonObject } from '@tongdui/event-store';
import type { FactProjection } from '@tongdui/runtime/service';
import type { Fact as AgreementFact } from './agreement.decider.ts';
import type { Fact as CycleFact } from './cycle.decider.ts';

/** Rows of what the corridor decides: agreements and cycles. */

const agreements: FactProjection = {
  table: 'agreements',
  noun: 'agreement',
  rowId: ({ key }) => key,
  project: (body, { key, fact }) => {
    const before = body as unknown as AgreementView | undefined;
    const { type: _, home, host, at: publishedAt, ...version } = fact as unknown as AgreementFact;
    const view = { id: key as AgreementView['id'], home, host, versions: [...(before?.versions ?? []), { ...version, publishedAt }] };
    return view satisfies AgreementView;
  },
  index: () => ({ home: corridorHome }),
};

const cycles: FactProjection = {
  table: 'cycles',
  noun: 'cycle',
  rowId: ({ key }) => key,
  project: (body, { fact }) =>
    cycleView(body as unknown as CycleView | undefined, fact as unknown as CycleFact) as unknown as JsonObject | undefined,
  index: (body) => ({ home: corridorHome, status: (body as unknown as CycleView).status }),
};

const noFen = 0 as Fen;

const cycleView = (before: CycleView | undefined, fact: CycleFact): CycleView | undefined => {
  if (fact.type === 'CycleOpened') {
    const { cycle: id, terms, callAt } = fact;
    return { id, status: 'open', terms, callAt, pairsSealed: 0, pairsConfirmed: 0, sealedFen: noFen, gross: [], nets: [], transfers: [] };
  }
  if (!before) return undefined;
  switch (fact.type) {
    case 'CycleCalled':
      return { ...before, status: 'called', declareBy: fact.declareBy, confirmBy: fact.confirmBy };
    case 'PairSealed':
      return {
        ...before,
        pairsSealed: before.pairsSealed + 1,
        pairsConfirmed: before.pairsConfirmed + (fact.totalFen === 0 ? 1 : 0),
        sealedFen: (before.sealedFen + fact.totalFen) as Fen,
      };
    case 'PairConfirmed':
      return { ...before, pairsConfirmed: before.pairsConfirmed + 1 };
    case 'CycleNetted': {
      const transfers = fact.transfers.map((transfer) => ({ ...transfer, status: 'due' as const }));
      return { ...before, status: 'netted', gross: [...fact.gross], nets: [...fact.nets], transfers, transferBy: fact.transferBy };
    }
    case 'CycleNoticed':
      return { ...before, status: 'noticed' };
    case 'TransferSent':
      return { ...before, transfers: withTransfer(before, fact.transferId, { status: 'sent', sentAt: fact.at }) };
    case 'TransferReceived': {
      const transfers = withTransfer(before, fact.transferId, { status: 'received', receivedAt: fact.at });
      return { ...before, status: transfers.every(({ status }) => status === 'received') ? 'received' : before.status, transfers };
    }
    case 'CycleReconciled':
      return { ...before, status: 'reconciled' };
    default:
      return unreachable(fact);
  }
};

type ShownTransfer = CycleView['transfers'][number];
const withTransfer = ({ transfers }: CycleView, transferId: string, change: Partial<ShownTransfer>): ShownTransfer[] =>
  transfers.map((transfer) => (transfer.transferId === transferId ? { ...transfer, ...change } : transfer));

export const corridorProjections: readonly FactProjection[] = [agreements, cycles];
