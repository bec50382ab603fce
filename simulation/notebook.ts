import { dateOf } from '@tongdui/calendar';
import type { Home, LocalDate, ServiceName } from '@tongdui/contracts';
import { type Call, ulids } from './calls.ts';
import type { Shown } from './shown.ts';
import type { Town } from './town.ts';
import type { World } from './world.ts';

/** What people remember of a history (ids they made up, calls they made) and what they can look up. */
export class Notebook {
  readonly world: World;
  readonly town: Town;
  readonly newId: () => string;
  readonly applications: string[] = [];
  readonly orders: string[] = [];
  readonly calls: Call[] = [];
  readonly invoices: {
    readonly number: string;
    readonly seller: string;
    readonly buyer: string;
    readonly totalFen: number;
    readonly issuedOn: string;
  }[] = [];
  readonly redLetters = new Map<string, number>();
  policies = 0;
  readonly admissions = new Map<string, number>();
  readonly agreements = new Map<string, number>();
  readonly sanctions: { readonly id: string; lifted: boolean }[] = [];

  readonly #atRisk = new Set<string>();
  readonly #turns = new Map<string, number>();

  constructor(world: World, town: Town, seed: number) {
    this.world = world;
    this.town = town;
    this.applications.push(...town.applications);
    this.newId = ulids(50_000 + (seed % 40_000));
  }

  /** What can rightly happen again is numbered: the number after the last that was acknowledged. */
  nextTurn(operation: string, id: string): number {
    return (this.#turns.get(`${operation} ${id}`) ?? 0) + 1;
  }

  /** A step of a claim was refused for a risk that somebody has to rule first. */
  isAtRisk(claimId: string): boolean {
    return this.#atRisk.has(claimId);
  }

  refused({ operation, ids }: Call, reason: string): void {
    if (reason === 'claim-at-risk') this.#atRisk.add(String(ids.id));
    // Whoever could not hold it finds that it is held already, or over.
    if (operation === 'holdClaim') this.#atRisk.delete(String(ids.id));
  }

  acknowledged({ operation, ids }: Call): void {
    const key = `${operation} ${String(ids.id)}`;
    if (operation === 'holdClaim') this.#atRisk.delete(String(ids.id));
    if (typeof ids.n === 'number') this.#turns.set(key, Math.max(ids.n, this.#turns.get(key) ?? 0));
  }

  today(): LocalDate {
    return dateOf(this.world.now());
  }

  row(service: ServiceName, home: string, table: string, id: string): Shown | undefined {
    const rows = this.#rows(service, home);
    const body = rows?.get<Shown>(table, id);
    return body?.state ?? body;
  }

  list(service: ServiceName, home: string, table: string, status?: string): readonly Shown[] {
    return (this.#rows(service, home)?.list<Shown>(table, { home, ...(status === undefined ? {} : { status }) }) ?? []).map(
      (body) => body.state ?? body,
    );
  }

  #rows(service: ServiceName, home: string) {
    const serving = this.world.serving(service, home as Home);
    return (serving.find((process) => process.isReady()) ?? serving[0])?.rows;
  }

  claimOf(orderId: string): Shown | undefined {
    const claim = this.row('redemption', orderId.slice(0, 6), 'claims', `${orderId.replace('-order-', '-claim-')}-1`);
    return claim?.is === 'claim' ? claim : undefined;
  }

  paymentOf(claim: Shown): Shown | undefined {
    const payment = this.row('redemption', claim.payer, 'payments', paymentIdOf(claim));
    return payment?.is === 'payment' ? payment : undefined;
  }
}

export const paymentIdOf = (claim: Shown): string => `${claim.payer}-payment-${String(claim.claimId).split('-').slice(2).join('-')}`;
export const totalOf = (slices: readonly Shown[]): number => slices.reduce((sum, slice) => sum + slice.amountFen, 0);
