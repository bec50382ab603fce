import { homeOf, type OfferingView, type ProviderView, type RecognitionView, type SanctionView } from '@tongdui/contracts';
import { unreachable } from '@tongdui/decider';
import type { FactProjection, FollowedFact, RowIndex } from '@tongdui/runtime/service';
import type { Fact as OfferingFact } from './offering.decider.ts';
import type { Fact as ProviderFact } from './provider.decider.ts';
import type { Fact as RecognitionFact } from './recognition.decider.ts';
import type { Fact as SanctionFact } from './sanction.decider.ts';

/** Rows of one kind of stream, one per stream; a row is what GET answers. */
const rowsOf = <Fact extends { readonly type: string }, View extends { readonly id: string }>(
  noun: string,
  project: (before: View | undefined, fact: Fact, id: View['id']) => View,
  index: (view: View) => Omit<RowIndex, 'home'>,
): FactProjection => ({
  table: `${noun}s`,
  noun,
  rowId: idOf,
  // What is stored under a noun was recorded by its decider, and what is in the table was projected here.
  project: (before, followed) => ({ ...project(before as View | undefined, followed.fact as unknown as Fact, idOf(followed)) }),
  index: (body) => {
    const view = body as unknown as View;
    return { home: homeOf(view.id), ...index(view) };
  },
});

const idOf = ({ home, noun, key }: FollowedFact): string => `${home}-${noun}-${key}`;

const providers = rowsOf<ProviderFact, ProviderView>(
  'provider',
  (_before, fact, id) => {
    const row = { id, ...fact.profile, changedAt: fact.at };
    switch (fact.type) {
      case 'ProviderRegistered':
        return { ...row, status: 'registered', categories: [] };
      case 'ProviderAdmitted':
        return { ...row, status: 'admitted', ...fact.admission, categories: [...fact.admission.categories] };
      case 'ProviderSuspended':
        return { ...row, status: 'suspended', ...fact.admission, categories: [...fact.admission.categories], suspendedFor: fact.reason };
      default:
        return unreachable(fact);
    }
  },
  ({ host, status, uscc }) => ({ host, status, lab: uscc }),
);

const offerings = rowsOf<OfferingFact, OfferingView>(
  'offering',
  (_before, { offering: { offeringId, ...rest }, at }) => ({ id: offeringId, ...rest, publishedAt: at }),
  ({ host, provider }) => ({ host, lab: provider }),
);

const recognitions = rowsOf<RecognitionFact, RecognitionView>(
  'recognition',
  (_before, { recognition: { recognitionId, categories, ...rest }, by, at }) => ({
    id: recognitionId,
    ...rest,
    categories: [...categories],
    recognisedBy: by,
    recognisedAt: at,
  }),
  ({ host, provider }) => ({ host, lab: provider }),
);

const sanctions = rowsOf<SanctionFact, SanctionView>(
  'sanction',
  (before, fact) => {
    const { sanctionId, ...rest } = fact.sanction;
    if (fact.type === 'SanctionImposed' || !before) return { id: sanctionId, ...rest, status: 'imposed', imposedAt: fact.at };
    return { ...before, status: 'lifted', liftedAt: fact.at };
  },
  ({ status }) => ({ status }),
);

export const projections: readonly FactProjection[] = [providers, offerings, recognitions, sanctions];
