import type { CloudEvent } from '@tongdui/contracts';
import type { Request } from '@tongdui/decider/operation';
import { shortName } from './auditor.books.ts';
import type { Call } from './calls.ts';
import type { Reply } from './process.ts';
import type { Shown } from './shown.ts';

/** What people asked for and were told: recorded once, the same answer again, and no answer that an earlier one contradicts. */

type Asked = { readonly call: Call; readonly request: Request; readonly at: number };

/** Refusals that say nothing about the command. */
const undecided = new Set(['contended', 'store-unavailable']);
/** Refusals by what a service has heard of others so far; a read model that is being rebuilt has heard less. */
const hearsay = new Set([
  'offering-unknown',
  'voucher-unknown',
  'evidence-unknown',
  'no-policy-in-force',
  'account-unknown',
  'sanctioned-party',
]);

/** After the first was acknowledged, nobody who asks later may be told the second. */
const contradictions: Readonly<Record<string, readonly string[]>> = {
  draftApplication: ['application-unknown'],
  proposeOrder: ['order-unknown'],
  acceptOrder: ['order-unknown', 'order-not-accepted-by-lab'],
  submitContract: ['order-has-no-contract', 'order-not-accepted-by-lab'],
  deliver: ['not-delivered', 'order-has-no-contract'],
  submitClaim: ['claim-unknown'],
  openPot: ['pot-unknown'],
  registerProvider: ['provider-unknown'],
  imposeSanction: ['sanction-unknown'],
  openCycle: ['cycle-unknown'],
};

export class Commands {
  readonly #violated: (violation: string) => void;
  readonly #issuedOn: (voucherId: string) => string | undefined;
  readonly #peopleOf: (claimId: string) => readonly string[] | undefined;
  readonly #recorded = new Map<string, number>();
  readonly #acknowledged = new Map<string, Asked & { readonly heardAt: number }>();
  readonly #told = new Map<string, Map<string, number>>();
  readonly #contracts = new Map<string, Shown[]>();
  readonly #terms = new Map<string, Shown[]>();
  #moment = 0;

  constructor(
    violated: (violation: string) => void,
    issuedOn: (voucherId: string) => string | undefined,
    peopleOf: (claimId: string) => readonly string[] | undefined,
  ) {
    this.#violated = violated;
    this.#issuedOn = issuedOn;
    this.#peopleOf = peopleOf;
  }

  recorded(key: string): void {
    const times = (this.#recorded.get(key) ?? 0) + 1;
    this.#recorded.set(key, times);
    if (times > 1) this.#violated(`14: ${key} was recorded ${times} times`);
  }

  asked(call: Call, request: Request): Asked {
    this.#moment += 1;
    if (call.operation === 'submitContract') {
      const key = `${call.ids.id}/${call.ids.n}`;
      this.#contracts.set(key, [...(this.#contracts.get(key) ?? []), call.body as Shown]);
    }
    return { call, request, at: this.#moment };
  }

  answered(asked: Asked, reply: Reply) {
    this.#moment += 1;
    const { call, request } = asked;
    const { key, hash } = request;
    const first = this.#acknowledged.get(key);
    if (first && first.heardAt < asked.at) this.#again(first, asked, reply);
    if (reply.is === 'refused') return this.#refused(asked, reply.reason);
    if (reply.is !== 'done' && reply.is !== 'pending') return;
    if (reply.is === 'done') this.#milestone(call);
    const isRecorded = reply.is === 'pending' || reply.created;
    if (isRecorded && (!first || first.request.hash === hash)) this.#acknowledged.set(key, first ?? { ...asked, heardAt: this.#moment });
    if (call.operation === 'instructPayment' && reply.is === 'done' && reply.created) {
      const claimId = String(call.ids.id).split('-').slice(2).join('-');
      const people = [...(this.#claims.get(claimId) ?? [])].flatMap((id) => this.#peopleOf(id) ?? []);
      if (people.includes(call.actor.sub)) this.#violated(`13: ${call.actor.sub} paid a claim after acting on it`);
    }
  }

  readonly #claims = new Map<string, Set<string>>();

  #again(first: Asked, asked: Asked, reply: Reply): void {
    const { call, request } = asked;
    if (first.call.actor.sub !== call.actor.sub) return;
    if (first.request.hash === request.hash) {
      if (reply.is !== 'refused' || undecided.has(reply.reason) || hearsay.has(reply.reason)) return;
      if (this.#told.get('done')?.has(request.key))
        this.#violated(`14: ${request.key} was acknowledged, and again refused ${reply.reason}`);
      return;
    }
    if (reply.is === 'done' || reply.is === 'pending') this.#violated(`14: ${request.key} was acknowledged with another body`);
  }

  #milestone(call: Call): void {
    const done = this.#told.get('done') ?? new Map<string, number>();
    this.#told.set('done', done);
    const thing = `${call.operation} ${String(call.ids.id ?? call.ids.cycle)}`;
    if (!done.has(thing)) done.set(thing, this.#moment);
    const key = `PUT ${call.path}`;
    if (!done.has(key)) done.set(key, this.#moment);
  }

  #refused({ call, at }: Asked, reason: string): void {
    for (const [operation, reasons] of Object.entries(contradictions)) {
      if (!reasons.includes(reason)) continue;
      const thing = `${operation} ${String(call.ids.id ?? call.ids.cycle)}`;
      const since = this.#told.get('done')?.get(thing);
      if (since !== undefined && since < at)
        this.#violated(`14: ${call.operation} ${call.path} was refused ${reason} after ${operation} was acknowledged`);
    }
  }

  published(event: CloudEvent): void {
    const data = event.data as Shown;
    const name = shortName(event);
    if (name === 'policy-published') this.#terms.set(data.home, [...(this.#terms.get(data.home) ?? []), data.terms]);
    if (name === 'claim-payable') {
      const short = String(data.claimId).split('-').slice(2).join('-');
      this.#claims.set(short, (this.#claims.get(short) ?? new Set()).add(data.claimId));
    }
    if (name === 'amount-reserved') this.#contract(data);
  }

  /** What was reserved is what some contract asked for, within what some version of the policy allows. */
  #contract(data: Shown) {
    const { orderId, contract, voucherId, home } = data;
    const reservedFen = data.slices.reduce((sum: number, slice: Shown) => sum + slice.amountFen, 0);
    const asked = this.#contracts.get(`${orderId}/${contract}`) ?? [];
    const fits = asked.some(({ baseFen, subsidyFen, signedOn }) => {
      const allowed = (this.#terms.get(home) ?? []).some((terms) =>
        Object.values(terms.ratioBps as Record<string, number>).some((ratio) => subsidyFen <= mostOf(baseFen, ratio, terms)),
      );
      return subsidyFen === reservedFen && allowed && signedOn >= (this.#issuedOn(voucherId) ?? '9');
    });
    if (!fits) this.#violated(`6: ${reservedFen} fen were reserved for contract ${contract} of ${orderId}, which nobody could ask for`);
  }

  close(): void {
    for (const key of this.#acknowledged.keys()) {
      if (!this.#recorded.has(key)) this.#violated(`14: ${key} was acknowledged and is not recorded`);
    }
  }
}

const mostOf = (baseFen: number, ratioBps: number, terms: Shown): number =>
  Math.min(
    Math.floor((baseFen * ratioBps) / 10_000),
    terms.capPerOrderFen,
    baseFen - Math.ceil((baseFen * terms.ownShareFloorBps) / 10_000),
  );
