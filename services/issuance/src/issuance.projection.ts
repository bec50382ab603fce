import {
  type AllowanceView,
  type ApplicationView,
  allowanceIdOf,
  type CloudEvent,
  dataOf,
  type EnterpriseView,
  type Fen,
  homeOf,
  type PolicyView,
  type PotView,
  sanctionChanged,
} from '@tongdui/contracts';
import { corrupt, unreachable } from '@tongdui/decider';
import { fen } from '@tongdui/money';
import type { EventProjection, FactProjection, FollowedFact, RowIndex } from '@tongdui/runtime/service';
import type { Fact as AllowanceFact } from './allowance.decider.ts';
import type { Fact as ApplicationFact } from './application.decider.ts';
import { applicationRow } from './application.projection.ts';
import type { Fact as EnterpriseFact } from './enterprise.decider.ts';
import type { Fact as PolicyFact } from './policy.decider.ts';
import type { Fact as PotFact } from './pot.decider.ts';

/** Rows of one kind of stream; a row is what GET answers. */
const rowsOf = <Fact extends { readonly type: string }, View extends { readonly id: string }>(
  table: string,
  noun: string,
  project: (before: View | undefined, fact: Fact, id: View['id']) => View | undefined,
  index: (view: View) => Omit<RowIndex, 'home'> = () => ({}),
  rowId: (fact: Fact, followed: FollowedFact) => View['id'] = (_fact, { home, key }) => `${home}-${noun}-${key}`,
): FactProjection => {
  // What is stored under a noun was recorded by its decider, and what is in the table was projected here.
  const factOf = (followed: FollowedFact) => followed.fact as unknown as Fact;
  return {
    table,
    noun,
    rowId: (followed) => rowId(factOf(followed), followed),
    project: (before, followed) => {
      const view = project(before as View | undefined, factOf(followed), rowId(factOf(followed), followed));
      return view && { ...view };
    },
    index: (body) => {
      const view = body as unknown as View;
      return { home: homeOf(view.id), ...index(view) };
    },
  };
};

const policies = rowsOf<PolicyFact, PolicyView>(
  'policies',
  'policy',
  (_before, { version: { policyId, ...rest }, by, at }) => ({ id: policyId, ...rest, publishedBy: by, publishedAt: at }),
  undefined,
  ({ version }) => version.policyId,
);

const enterprises = rowsOf<EnterpriseFact, EnterpriseView>(
  'enterprises',
  'enterprise',
  (_before, fact, id) => ({ id, ...fact.enterprise, registeredAt: fact.at }),
  ({ uscc }) => ({ enterprise: uscc }),
);

const pots = rowsOf<PotFact, PotView>('pots', 'pot', (before, fact, id) => {
  const { at } = fact;
  if (fact.type === 'PotOpened') {
    const { potId: _, openTo, ...rest } = fact.pot;
    return { id, ...rest, openTo: [...openTo], appropriatedFen: fen(0), grantedFen: fen(0), availableFen: fen(0), changedAt: at };
  }
  // A release can reach an id that nobody has opened a pot under; there is nothing to show of it.
  if (!before) return undefined;
  const changed = (appropriatedFen: Fen, grantedFen: Fen): PotView => ({
    ...before,
    appropriatedFen,
    grantedFen,
    availableFen: fen(appropriatedFen - grantedFen),
    changedAt: at,
  });
  switch (fact.type) {
    case 'PotAppropriated':
      return changed(fen(before.appropriatedFen + fact.amountFen), before.grantedFen);
    case 'PotCommitted':
      return changed(before.appropriatedFen, fen(before.grantedFen + fact.amountFen));
    case 'PotReleased':
    case 'PotReturned':
      return changed(before.appropriatedFen, fen(before.grantedFen - fact.amountFen));
    default:
      return unreachable(fact);
  }
});

const allowances = rowsOf<AllowanceFact, AllowanceView>(
  'allowances',
  'allowance',
  (before, fact, id) => {
    const { holder, at } = fact;
    const { usedFen, capFen } = before ?? { usedFen: fen(0), capFen: fen(0) };
    const row = { id, ...holder, capFen, changedAt: at };
    switch (fact.type) {
      case 'AllowanceTaken':
        return { ...row, usedFen: fen(usedFen + fact.amountFen), capFen: fact.capFen };
      case 'AllowanceReleased':
      case 'AllowanceGivenBack':
        return { ...row, usedFen: fen(usedFen - fact.amountFen) };
      default:
        return unreachable(fact);
    }
  },
  ({ enterprise }) => ({ enterprise }),
  ({ holder: { home, enterprise, year } }) => allowanceIdOf(home, enterprise, year),
);

const applications = rowsOf<ApplicationFact, ApplicationView>(
  'applications',
  'application',
  (before, fact, id) => applicationRow(before, fact, id) ?? corrupt(`${fact.type} of an application that was never drafted`),
  ({ status, enterprise }) => ({ status, enterprise }),
);

export const projections: readonly FactProjection[] = [policies, enterprises, pots, allowances, applications];

/** What is known here of the corridor's sanctions: a question of the moment, never of the record. */
export type SanctionCopy = {
  readonly sanctionId: string;
  readonly uscc: string;
  readonly status: 'imposed' | 'lifted';
  readonly validFrom: string;
  readonly validUntil: string;
};

const sanctionOf = (event: CloudEvent): SanctionCopy | undefined => {
  const data = dataOf(sanctionChanged, event);
  if (!data) return undefined;
  const { sanctionId, uscc, status, validFrom, validUntil } = data;
  return { sanctionId, uscc, status, validFrom, validUntil };
};

export const copies: readonly EventProjection[] = [
  {
    table: 'sanction-copies',
    types: ['sanction-changed'],
    rowId: (event) => sanctionOf(event)?.sanctionId,
    project: (before, event) => sanctionOf(event) ?? before,
    index: (body) => {
      const { sanctionId, uscc, status } = body as SanctionCopy;
      return { home: homeOf(sanctionId), enterprise: uscc, status };
    },
  },
];
