import type { CloudEvent, ServiceName } from '@tongdui/contracts';
import type { Request } from '@tongdui/decider/operation';
import { Books, shortName } from './auditor.books.ts';
import { Commands } from './auditor.commands.ts';
import { Debts } from './auditor.debts.ts';
import { Splits } from './auditor.splits.ts';
import { Vouchers } from './auditor.vouchers.ts';
import type { Call } from './calls.ts';
import type { Reply } from './process.ts';
import type { Shown } from './shown.ts';

/**
 * A second opinion, from the domain alone: it hears what is published, in order, and what people are told; it keeps the books that must
 * follow from that, and compares them with what the services show when everything has come to its end.
 */

/** Every row of a table, of all processes that share the work of a service. */
export type Show = (service: ServiceName, table: string) => readonly Shown[];
export type PaidOut = readonly { readonly reference: string; readonly amountFen: number }[];

export class Auditor {
  readonly #violated: (violation: string) => void;
  readonly #books = new Books();
  readonly #vouchers: Vouchers;
  readonly #debts: Debts;
  readonly #splits: Splits;
  readonly #commands: Commands;
  readonly #next = new Map<string, number>();
  readonly #people = new Map<string, readonly string[]>();

  constructor(violated: (violation: string) => void) {
    this.#violated = violated;
    this.#vouchers = new Vouchers(violated);
    this.#debts = new Debts(violated);
    this.#splits = new Splits(violated);
    this.#commands = new Commands(
      violated,
      (voucherId) => this.#vouchers.issuedOn(voucherId),
      (claimId) => this.#people.get(claimId),
    );
  }

  /** A fact that became durable because a person asked for it; `hash` is the body itself here. */
  recorded(request: { readonly key: string; readonly hash: string } | undefined): void {
    if (!request) return;
    this.#commands.recorded(request.key);
    // Events of two producers come in any order: what covers a voucher or a payment counts from the moment it is recorded.
    const [, noun, id = '', act] = /^PUT \/(pots|pairs)\/([^/]+)\/(appropriations|deposits|withdrawals)\//.exec(request.key) ?? [];
    if (noun === undefined) return;
    const { amountFen } = JSON.parse(request.hash) as { readonly amountFen: number };
    if (noun === 'pots') this.#vouchers.appropriated(id, amountFen);
    else this.#debts.prefunded(id, act === 'withdrawals' ? -amountFen : amountFen);
  }

  published(event: CloudEvent): void {
    const expected = (this.#next.get(event.source) ?? 0) + 1;
    if (Number(event.sequence) !== expected) this.#violated(`14: ${event.source} published ${event.sequence}, expected ${expected}`);
    this.#next.set(event.source, expected);
    this.#wholeFen(event.data, shortName(event));
    this.#books.post(event);
    this.#vouchers.take(event);
    this.#splits.take(event);
    this.#debts.take(event);
    this.#commands.published(event);
    const { people, claimId } = event.data as Shown;
    if (shortName(event) !== 'claim-payable') return;
    const names = Object.values(people as Record<string, string>);
    this.#people.set(claimId, names);
    if (new Set(names).size !== 4) this.#violated(`13: one person acted twice on ${claimId}`);
  }

  asked(call: Call, request: Request) {
    this.#splits.asked(call);
    return this.#commands.asked(call, request);
  }

  answered(asked: ReturnType<Commands['asked']>, reply: Reply): void {
    this.#commands.answered(asked, reply);
  }

  /** Everything is consumed, settled and paid: every figure of the services must be the auditor's. */
  close(show: Show, paid: PaidOut): void {
    this.#commands.close();
    this.#debts.close(paid);
    this.#closeBooks(show('ledger', 'balances'));
    this.#closeGrants(show);
    for (const { id, queued, drawnFen, inFlightFen, headroomFen, prefundFen } of show('clearing', 'pairs'))
      if (queued !== 0 || drawnFen !== 0 || inFlightFen !== 0 || headroomFen !== prefundFen)
        this.#violated(
          `11: the headroom of ${id} has not come back: ${headroomFen} of ${prefundFen} fen, drawn ${drawnFen}, in flight ${inFlightFen}`,
        );
    for (const { state } of show('redemption', 'claims')) this.#closeClaim(state);
    for (const { state } of show('redemption', 'invoices')) {
      const liveFen = (state.slices as Shown[]).reduce((sum, slice) => sum + (slice.status === 'live' ? slice.amountFen : 0), 0);
      if (state.invoice && liveFen > state.invoice.totalFen - state.redFen)
        this.#violated(`5: slices of ${state.invoice.number} are ${liveFen} fen`);
    }
  }

  #closeBooks(rows: readonly Shown[]): void {
    const shown = new Map(rows.map(({ book, account, debitFen, creditFen }) => [`${book} ${account}`, debitFen - creditFen]));
    for (const account of new Set([...shown.keys(), ...this.#books.balances.keys()])) {
      const [own, theirs] = [this.#books.balances.get(account) ?? 0, shown.get(account) ?? 0];
      if (own !== theirs) this.#violated(`16: ${account} is ${theirs} fen in the ledger, and ${own} by what was published`);
    }
    const perBook = new Map<string, number>();
    for (const [name, balance] of shown) {
      const [book = '', account = ''] = name.split(' ');
      perBook.set(book, (perBook.get(book) ?? 0) + balance);
      const settles = /^(due-|clearing:|payable:|receivable:payee|recoverable|pot:reserved|pot:redeemed)/.test(account);
      if (settles && balance !== 0) this.#violated(`16: ${name} is ${balance} fen, and everything is settled`);
    }
    for (const [book, sum] of perBook) if (sum !== 0) this.#violated(`1: the trial balance of ${book} is ${sum} fen`);
  }

  #closeGrants(show: Show): void {
    const same = (what: string, shown: number, own: number) => {
      if (shown !== own) this.#violated(`16: ${what} is shown as ${shown}, and is ${own} fen by what was published`);
    };
    const allowances = new Map(
      show('issuance', 'allowances').map(({ home, enterprise, year, usedFen }) => [`${home}-${enterprise}-${year}`, Number(usedFen)]),
    );
    for (const holder of new Set([...allowances.keys(), ...this.#vouchers.allowances.keys()]))
      same(`the allowance ${holder}`, allowances.get(holder) ?? 0, this.#vouchers.allowances.get(holder) ?? 0);
    const pots = new Map(show('issuance', 'pots').map((pot) => [String(pot.id), pot]));
    for (const id of this.#vouchers.pots()) {
      const own = this.#vouchers.potTaken(id);
      same(`appropriated of ${id}`, pots.get(id)?.appropriatedFen ?? 0, own.appropriatedFen);
      same(`granted of ${id}`, pots.get(id)?.grantedFen ?? 0, own.takenFen);
    }
    const shown = new Map<string, Record<string, number>>();
    for (const { state } of show('redemption', 'vouchers'))
      for (const bucket of ['available', 'reserved', 'redeemed', 'closed'] as const)
        for (const { potId, amountFen } of state[bucket] ?? []) {
          const pot = shown.get(potId) ?? {};
          pot[bucket] = (pot[bucket] ?? 0) + amountFen;
          shown.set(potId, pot);
        }
    for (const [potId, own] of this.#vouchers.perPot())
      for (const [bucket, amountFen] of Object.entries(own))
        same(`${bucket} of vouchers in ${potId}`, shown.get(potId)?.[bucket] ?? 0, amountFen);
  }

  #closeClaim(claim: Shown): void {
    if (claim.is !== 'claim' || !['paid', 'recovered', 'written-off'].includes(claim.status)) return;
    const leftFen = (claim.left as Shown[]).reduce((sum, slice) => sum + slice.amountFen, 0);
    const { selfPaidFen, invoice } = claim.submission as Shown;
    const isWhole = claim.terms.payeeMode === 'lab-redeemed' ? leftFen + selfPaidFen === invoice.sliceFen : selfPaidFen >= invoice.sliceFen;
    if (!isWhole) this.#violated(`7: ${claim.claimId} pays ${leftFen} and proves ${selfPaidFen} of ${invoice.sliceFen} fen`);
    if (claim.signedOn > claim.acceptedOn || claim.signedOn > invoice.issuedOn)
      this.#violated(`8: ${claim.claimId} has dates out of order`);
  }

  #wholeFen(value: unknown, where: string): void {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value))
      if (name.endsWith('Fen') && !(Number.isSafeInteger(inner) && ((inner as number) >= 0 || name === 'netFen')))
        this.#violated(`1: ${name} of ${where} is ${String(inner)}`);
      else this.#wholeFen(inner, where);
  }
}
