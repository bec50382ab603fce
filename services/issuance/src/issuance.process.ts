import {
  allowanceIdOf,
  amountRedeemed,
  amountReleased,
  amountRestored,
  type CloudEvent,
  dataOf,
  disputeDecided,
  homeOf,
  type Instant,
  type Member,
  paymentRecovered,
  type Slices,
  type Uscc,
  voucherClosed,
} from '@tongdui/contracts';
import { streamOf } from '@tongdui/decider/operation';
import { totalOf } from '@tongdui/money';
import type { Part } from '@tongdui/runtime/coordinator';
import type { Effect, FollowedFact, WorkChange } from '@tongdui/runtime/service';
import type * as allowances from './allowance.decider.ts';
import type { Fact as ApplicationFact } from './application.decider.ts';
import type { Issue } from './issue.ts';
import type * as pots from './pot.decider.ts';

/** Kinds of work: asking the parts of an issue, and releasing them when it was refused. */
export type IssueWork = { readonly kind: 'issue' | 'release-issue'; readonly issue: Issue; readonly at: Instant };

/**
 * What events of the other services give back here. Value that a voucher did not use returns to its pots and to the allowance; money
 * that was recovered after it was paid returns to its pots only, because the grant was used.
 */
export const effects = (event: CloudEvent): readonly Effect[] => {
  const unused = unusedIn(event);
  if (unused) return [...toPots(event, unused.slices, unused.at), ...toAllowances(event, unused)];
  const recovered = dataOf(paymentRecovered, event);
  if (recovered) return toPots(event, recovered.slices, recovered.occurredAt);
  const decided = dataOf(disputeDecided, event);
  return decided?.wonBy === 'debtor' ? toPots(event, decided.slices, decided.occurredAt) : [];
};

type Unused = { readonly home: Member; readonly enterprise: Uscc; readonly slices: Slices; readonly at: Instant };

/** What leaves a voucher for good. Value that goes back to an open voucher stays committed. */
const unusedIn = (event: CloudEvent): Unused | undefined => {
  const closed = dataOf(voucherClosed, event);
  if (closed) return unusedOf(closed, closed.slices);
  const redeemed = dataOf(amountRedeemed, event);
  if (redeemed) return redeemed.returnsTo === 'available' ? unusedOf(redeemed, redeemed.released) : undefined;
  const given = dataOf(amountReleased, event) ?? dataOf(amountRestored, event);
  return given?.returnsTo === 'available' ? unusedOf(given, given.slices) : undefined;
};

const unusedOf = (
  { home, enterprise, occurredAt }: { readonly home: Member; readonly enterprise: Uscc; readonly occurredAt: Instant },
  slices: Slices,
): Unused => ({ home, enterprise, slices, at: occurredAt });

const toPots = (event: CloudEvent, slices: Slices, at: Instant): readonly Effect[] =>
  slices
    .filter(({ amountFen }) => amountFen > 0)
    .map(({ potId, amountFen }) => {
      const command: pots.Command = { type: 'ReturnToPot', returnId: event.id, amountFen, at };
      return { stream: streamOf('issuance', potId), command, step: `return/${potId}` };
    });

const toAllowances = (event: CloudEvent, { home, enterprise, slices, at }: Unused): readonly Effect[] => {
  const years = [...new Set(slices.map(({ fiscalYear }) => fiscalYear))];
  return years.flatMap((year) => {
    const amountFen = totalOf(slices.filter(({ fiscalYear }) => fiscalYear === year));
    if (amountFen === 0) return [];
    const holder = { home, enterprise, year };
    const command: allowances.Command = { type: 'GiveBackAllowance', holder, returnId: event.id, amountFen, at };
    return [{ stream: streamOf('issuance', allowanceIdOf(home, enterprise, year)), command, step: `give-back/${year}` }];
  });
};

/** An issue that is wanted is asked for until its outcome is recorded; a refused one is released until every part has acknowledged. */
export const work = ({ fact: stored, noun, stream, home }: FollowedFact): WorkChange => {
  if (noun !== 'application') return {};
  const fact = stored as unknown as ApplicationFact;
  const opened = (kind: IssueWork['kind'], issue: Issue, at: Instant) => ({ id: `${stream}/${kind}`, kind, home, data: { issue, at } });
  const issueId = `${stream}/issue`;
  switch (fact.type) {
    case 'IssueWanted':
      return { opens: [opened('issue', fact.issue, fact.at)] };
    case 'VoucherIssued':
      return { closes: [issueId] };
    case 'IssueRefused':
      return { closes: [issueId], opens: [opened('release-issue', fact.issue, fact.at)] };
    case 'PartsReleased':
      return { closes: [`${stream}/release-issue`] };
    default:
      return {};
  }
};

/** The allowance first: its refusal is the one that the enterprise can do something about. */
export const partsToAsk = ({ applicationId, home, enterprise, year, faceFen, capFen, funding }: Issue, at: Instant): readonly Part[] => [
  {
    home: homeOf(applicationId),
    service: 'issuance',
    ask: { type: 'take-allowance', at, home, enterprise, year, applicationId, amountFen: faceFen, capFen },
  },
  ...funding.map(
    ({ potId, amountFen }): Part => ({
      home: homeOf(potId),
      service: 'issuance',
      ask: { type: 'commit-pot', at, potId, applicationId, forHome: home, year, amountFen },
    }),
  ),
];

export const partsToRelease = ({ applicationId, home, enterprise, year, funding }: Issue, at: Instant): readonly Part[] => [
  { home: homeOf(applicationId), service: 'issuance', ask: { type: 'release-allowance', at, home, enterprise, year, applicationId } },
  ...funding.map(
    ({ potId }): Part => ({ home: homeOf(potId), service: 'issuance', ask: { type: 'release-pot', at, potId, applicationId } }),
  ),
];
