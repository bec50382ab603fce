import { isMember } from '@tongdui/contracts';
import { type Call, call, official } from './calls.ts';
import type { Notebook } from './notebook.ts';
import type { Shown } from './shown.ts';
import type { Steps } from './steps.ts';

/** What treasurers and the joint office have to do now. */
export const stepsOfClearing = (steps: Steps): Call[] => {
  const { book } = steps;
  return [...book.town.cities.flatMap((creditor) => [...segments(steps, creditor), ...obligations(steps, creditor)]), ...cycles(book)];
};

const segments = ({ book, random, mischief }: Steps, creditor: string): Call[] =>
  ['sealed', 'declared'].flatMap((status) =>
    book.list('clearing', creditor, 'segments', status).flatMap(({ pair, cycle, totalFen, disputedFen }) => {
      const debtor = String(pair).slice(0, 6);
      const ids = { pair, cycle };
      const body = { totalFen: totalFen - disputedFen };
      if (status === 'sealed')
        return [
          call('clearing', 'declareSegment')(
            creditor,
            `/pairs/${pair}/cycles/${cycle}/declaration`,
            official('treasurer', creditor),
            ids,
            body,
          ),
        ];
      const disputable = disputes(book, creditor, String(pair));
      if (disputable.length > 0 && random.chance(mischief ? 0.4 : 0.3)) return disputable;
      // Now and then nobody answers in time; what nobody could dispute is not left to the silence for ever.
      if (mischief && random.chance(0.2)) return [];
      return [
        call('clearing', 'confirmSegment')(
          creditor,
          `/pairs/${pair}/cycles/${cycle}/confirmation`,
          official('treasurer', debtor),
          ids,
          body,
        ),
      ];
    }),
  );

const disputes = (book: Notebook, creditor: string, pair: string): Call[] =>
  book
    .list('clearing', creditor, 'obligations', 'accrued')
    .filter((obligation) => obligation.pair === pair && obligation.kind === 'host-fronted')
    .map(({ id }) =>
      call('clearing', 'disputeObligation')(
        creditor,
        `/pairs/${pair}/obligations/${id}/dispute`,
        official('treasurer', pair.slice(0, 6)),
        { pair, id },
        { reason: 'wrong-amount' },
      ),
    )
    .slice(0, 1);

const obligations = ({ book, random }: Steps, creditor: string): Call[] => {
  const disputed = book.list('clearing', creditor, 'obligations', 'disputed').map(({ id, pair }) => {
    const wonBy = random.chance(0.5) ? 'debtor' : 'creditor';
    return call('clearing', 'ruleDispute')(
      creditor,
      `/pairs/${pair}/obligations/${id}/ruling`,
      official('joint-office', 'G60'),
      { pair, id },
      { wonBy, reason: 'heard' },
    );
  });
  const vertical = Map.groupBy(
    book.list('clearing', creditor, 'obligations', 'accrued').filter(({ debtor, creditor: to }) => !isMember(debtor) || !isMember(to)),
    ({ pair }) => String(pair),
  );
  const settled = [...vertical].map(([pair, owed]) => settlement(book, pair, owed));
  return [...disputed, ...settled];
};

const settlement = (book: Notebook, pair: string, owed: readonly Shown[]): Call => {
  const id = book.newId();
  const creditor = pair.slice(7);
  const home = isMember(creditor) ? creditor : '330100';
  const amountFen = owed.reduce((sum, { amountFen: one }) => sum + one, 0);
  const body = { amountFen, obligations: owed.map((one) => one.id) };
  return call('clearing', 'settleVertically')(
    home,
    `/pairs/${pair}/vertical-settlements/${id}`,
    official('treasurer', home),
    { pair, id },
    body,
  );
};

const cycles = (book: Notebook): Call[] =>
  book.list('clearing', 'G60', 'cycles').flatMap(({ id: cycle, status, transfers }) => {
    const step = (operation: string, path: string, actor = official('joint-office', 'G60'), ids: object = {}) => [
      call('clearing', operation)('G60', `/cycles/${cycle}${path}`, actor, { cycle, ...ids }),
    ];
    if (status === 'called') return step('netCycle', '/netting');
    if (status === 'netted') return step('noticeCycle', '/notice');
    if (status !== 'noticed' && status !== 'received') return [];
    const open = (transfers as Shown[]).filter((transfer) => transfer.status !== 'received');
    if (open.length === 0) return step('reconcileCycle', '/reconciliation');
    return open.flatMap(({ transferId, status: at, payer, receiver }) =>
      at === 'due'
        ? step('sendTransfer', `/transfers/${transferId}/sent`, official('treasurer', payer), { id: transferId })
        : step('receiveTransfer', `/transfers/${transferId}/receipt`, official('treasurer', receiver), { id: transferId }),
    );
  });
