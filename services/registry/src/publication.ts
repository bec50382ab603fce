import { unreachable } from '@tongdui/decider';
import type { EventDraft, FollowedFact } from '@tongdui/runtime/service';
import type { Fact as OfferingFact } from './offering.decider.ts';
import type { Fact as ProviderFact } from './provider.decider.ts';
import type { Fact as RecognitionFact } from './recognition.decider.ts';
import type { Fact as SanctionFact } from './sanction.decider.ts';

type RegistryFact = OfferingFact | ProviderFact | RecognitionFact | SanctionFact;

/** Everything this service decides is published: the other services keep copies of it. */
export const publish = (followed: FollowedFact): readonly EventDraft[] => {
  const fact = followed.fact as unknown as RegistryFact;
  const subject = `${followed.home}-${followed.noun}-${followed.key}`;
  return [{ subject, time: fact.at, ...eventOf(fact) }];
};

const eventOf = (fact: RegistryFact): Pick<EventDraft, 'type' | 'data'> => {
  const occurredAt = fact.at;
  switch (fact.type) {
    case 'ProviderRegistered':
      return { type: 'provider-changed', data: { ...fact.profile, status: 'registered', categories: [], occurredAt } };
    case 'ProviderAdmitted':
      return { type: 'provider-changed', data: { ...fact.profile, status: 'admitted', ...admissionOf(fact), occurredAt } };
    case 'ProviderSuspended':
      return { type: 'provider-changed', data: { ...fact.profile, status: 'suspended', ...admissionOf(fact), occurredAt } };
    case 'OfferingPublished': {
      const { description: _, ...offering } = fact.offering;
      return { type: 'offering-changed', data: { ...offering, occurredAt } };
    }
    case 'ProviderRecognised':
      return { type: 'recognition-changed', data: { ...fact.recognition, occurredAt } };
    case 'SanctionImposed':
      return { type: 'sanction-changed', data: { ...fact.sanction, status: 'imposed', occurredAt } };
    case 'SanctionLifted':
      return { type: 'sanction-changed', data: { ...fact.sanction, status: 'lifted', occurredAt } };
    default:
      return unreachable(fact);
  }
};

const admissionOf = ({ admission }: Extract<ProviderFact, { readonly admission: unknown }>) => ({
  categories: admission.categories,
  admittedUntil: admission.admittedUntil,
});
