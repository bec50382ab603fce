import type { CloudEvent } from '@tongdui/contracts';
import type { StoredFact } from '@tongdui/event-store';
import { shortName } from './auditor.books.ts';
import type { Shown } from './shown.ts';

/** What a history came to: a check that was never near what it checks has found nothing. */

const ofEvents: Readonly<Record<string, string>> = {
  'voucher-issued': 'issued',
  'amount-reserved': 'registered',
  'amount-redeemed': 'redeemed',
  'payment-failed': 'payment failed',
  'payment-unknown': 'payment unknown',
  'payment-returned': 'payment returned',
  'payment-recovered': 'clawback recovered',
  'clawback-written-off': 'clawback written off',
  'cycle-reconciled': 'reconciled',
  'invoice-red-lettered': 'red letter',
  'vertical-settled': 'settled outside the cycle',
};
const ofFacts: Readonly<Record<string, string>> = {
  AmendmentApplied: 'amended downward',
  ClaimHeld: 'held for a risk',
  ClaimLapsed: 'claim lapsed',
  ClaimSentBack: 'sent back',
  IssueRefused: 'waitlisted',
  ObjectionRaised: 'objected',
  OrderEnded: 'order ended early',
  SegmentCarriedOver: 'segment carried over',
  SubmissionRefused: 'invoice refused',
  VoucherFrozen: 'voucher frozen',
};

export const milestones: readonly string[] = [
  'issued',
  'waitlisted',
  'registered',
  'amended downward',
  'order ended early',
  'redeemed',
  'claim lapsed',
  'invoice refused',
  'sent back',
  'held for a risk',
  'cut in review',
  'objected',
  'paid: lab, home-direct',
  'paid: lab, host-fronted',
  'paid: enterprise, home-direct',
  'paid: enterprise, host-fronted agreement',
  'queued for headroom',
  'payment failed',
  'payment unknown',
  'payment returned',
  'payment returned: enterprise',
  'clawback recovered',
  'clawback recovered: enterprise',
  'clawback written off',
  'red letter',
  'red letter revoked a slice',
  'rejected after payable',
  'dispute won by home',
  'dispute lost by home',
  'netted with transfers',
  'cost-share of a refund',
  'settled outside the cycle',
  'segment carried over',
  'reconciled',
  'voucher frozen',
  'voucher revoked',
  'voucher expired',
];

export class Coverage {
  readonly #reached = new Set<string>();
  readonly #routes = new Map<string, string>();

  reached(): readonly string[] {
    return milestones.filter((milestone) => this.#reached.has(milestone));
  }

  fact({ type, stream }: StoredFact): void {
    const milestone = ofFacts[type];
    if (milestone !== undefined) this.#reached.add(milestone);
    if (type === 'DrawQueued' && stream.startsWith('clearing.')) this.#reached.add('queued for headroom');
  }

  event(event: CloudEvent): void {
    const data = event.data as Shown;
    const name = shortName(event);
    const milestone = ofEvents[name];
    if (milestone !== undefined) this.#reached.add(milestone);
    if (milestone !== undefined && data.payee?.kind === 'enterprise') this.#reached.add(`${milestone}: enterprise`);
    if (name === 'agreement-published') this.#routes.set(`${data.home}-${data.host}`, data.route);
    if (name === 'payment-paid') this.#paid(data);
    const also: Readonly<Record<string, string | false>> = {
      'amount-restored': data.cause === 'cut' && 'cut in review',
      'claim-rejected': data.wasPayable && 'rejected after payable',
      'invoice-red-lettered': data.revoked?.length > 0 && 'red letter revoked a slice',
      'dispute-decided': `dispute ${data.wonBy === 'debtor' ? 'won' : 'lost'} by home`,
      'cycle-netted': data.transfers?.length > 0 && 'netted with transfers',
      'voucher-closed': `voucher ${data.cause}`,
    };
    const more = also[name];
    if (more) this.#reached.add(more);
  }

  /** An enterprise is always paid by its home; what was agreed with the host shows that this was so against an agreement. */
  #paid({ home, host, payee, route, slices }: Shown): void {
    if (payee.kind === 'lab') {
      this.#reached.add(`paid: lab, ${home === host ? 'home-direct' : route}`);
      return;
    }
    const isFrontedElsewhere = this.#routes.get(`${home}-${host}`) === 'host-fronted' && home !== host;
    this.#reached.add(`paid: enterprise, ${isFrontedElsewhere ? 'host-fronted agreement' : 'home-direct'}`);
    if (slices.some(({ owner }) => owner !== home)) this.#reached.add('cost-share of a refund');
  }
}
