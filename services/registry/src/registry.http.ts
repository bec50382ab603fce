import { registryCommands, registryNouns } from '@tongdui/contracts';
import { commandRoute, type Endpoint, nounRoutes, type Problem } from '@tongdui/runtime';
import type { Reason as OfferingReason } from './offering.decider.ts';
import type { Reason as ProviderReason } from './provider.decider.ts';
import type { Reason as RecognitionReason } from './recognition.decider.ts';
import type { Operations } from './registry.operations.ts';
import type { Reason as SanctionReason } from './sanction.decider.ts';

const reversed: Problem = {
  status: 422,
  zh: '有效期截止日不能早于起始日',
  en: 'The validity ends before it begins: give a last day on or after the first',
};

const providerProblems: Record<ProviderReason, Problem> = {
  'provider-exists': { status: 409, zh: '该服务机构已在本市登记', en: 'This lab is registered with this city already' },
  'provider-unknown': { status: 404, zh: '服务机构尚未登记，请先登记', en: 'This lab is not registered here: it registers itself first' },
  'admission-over-before-it-begins': {
    status: 422,
    zh: '入库截止日已过',
    en: 'This admission would be over already: give a later last day',
  },
  'provider-not-admitted': {
    status: 409,
    zh: '服务机构未入库或入库已到期',
    en: 'This lab is not admitted, or no longer: ask the host city to admit it',
  },
  'provider-already-suspended': { status: 409, zh: '服务机构已被暂停', en: 'This lab is suspended already' },
};

const offeringProblems: Record<OfferingReason, Problem> = {
  'offering-exists': { status: 409, zh: '该服务项目已发布', en: 'This offering is published already' },
  'provider-unknown': providerProblems['provider-unknown'],
  'provider-not-admitted': providerProblems['provider-not-admitted'],
  'provider-suspended': {
    status: 409,
    zh: '服务机构已被暂停，不能发布服务项目',
    en: 'This lab is suspended: it can offer again after a new admission',
  },
  'category-not-admitted': {
    status: 409,
    zh: '服务机构未获准提供该类别服务',
    en: 'This lab is not admitted for this category: ask the host city to admit it',
  },
};

const recognitionProblems: Record<RecognitionReason, Problem> = {
  'recognition-exists': { status: 409, zh: '该互认已存在', en: 'This recognition exists already' },
  'own-lab-needs-no-recognition': {
    status: 422,
    zh: '本市服务机构无需互认',
    en: 'A lab of your own city needs no recognition: admit it instead',
  },
  'validity-ends-before-it-begins': reversed,
};

const sanctionProblems: Record<SanctionReason, Problem> = {
  'sanction-exists': { status: 409, zh: '该惩戒已存在', en: 'This sanction exists already' },
  'sanction-unknown': { status: 404, zh: '没有该惩戒记录', en: 'There is no such sanction' },
  'validity-ends-before-it-begins': reversed,
};

/** Enterprises look for labs in every city, so what a lab is and sells is open to everyone signed in; its bank account is not. */
export const routes = (operations: Operations): readonly Endpoint[] => [
  commandRoute(registryCommands.registerProvider, operations.registerProvider, providerProblems),
  commandRoute(registryCommands.admitProvider, operations.admitProvider, providerProblems),
  commandRoute(registryCommands.suspendProvider, operations.suspendProvider, providerProblems),
  commandRoute(registryCommands.publishOffering, operations.publishOffering, offeringProblems),
  commandRoute(registryCommands.recogniseProvider, operations.recogniseProvider, recognitionProblems),
  commandRoute(registryCommands.imposeSanction, operations.imposeSanction, sanctionProblems),
  commandRoute(registryCommands.liftSanction, operations.liftSanction, sanctionProblems),
  nounRoutes(registryNouns.providers, {
    visible: 'everyone',
    show: ({ account, ...open }, actor) =>
      actor.org === open.uscc || (actor.org === undefined && (actor.city === open.host || actor.roles.includes('auditor')))
        ? { ...open, account }
        : open,
  }),
  nounRoutes(registryNouns.offerings, { visible: 'everyone' }),
  nounRoutes(registryNouns.recognitions, { visible: 'everyone' }),
  nounRoutes(registryNouns.sanctions, { visible: 'everyone' }),
];
