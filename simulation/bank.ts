import type { PaymentReference } from '@tongdui/contracts';
import type { PaymentRail, RailOutcome } from '../services/redemption/src/payment-rail.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** A bank that answers at once, late, twice or never, and pays each reference at most once. */

type Truth = 'paid' | 'failed';
type Payment = {
  readonly truth: Truth;
  readonly says: 'outcome' | 'unknown' | 'pending';
  readonly knownAtMs: number;
  readonly amountFen: number;
};

export class Bank {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #payments = new Map<PaymentReference, Payment>();
  #troubled = true;

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  /** Answers plainly from now on; what is pending is decided. */
  calm(): void {
    this.#troubled = false;
  }

  /** What the statement says of a reference; undefined for one that the bank never took. */
  statement(reference: PaymentReference): Truth | undefined {
    return this.#payments.get(reference)?.truth;
  }

  /** References that were paid out, and what. */
  paid(): readonly { readonly reference: PaymentReference; readonly amountFen: number }[] {
    return [...this.#payments].flatMap(([reference, { truth, amountFen }]) => (truth === 'paid' ? [{ reference, amountFen }] : []));
  }

  /** The rail as one process sees it: answers to a process that is gone never arrive. */
  railOf(isOver: () => boolean): PaymentRail {
    const travel = () =>
      this.#scheduler.sleep(this.#random.chance(0.1) ? this.#random.below(3_000) : this.#random.below(20), undefined, isOver);
    return {
      send: async ({ reference, amountFen }) => {
        await travel();
        const known = this.#payments.get(reference) ?? this.#take(reference, amountFen);
        await travel();
        if (known === 'lost' || (this.#troubled && this.#random.chance(0.1))) throw new Error(`no answer about ${reference}`);
        return this.#answer(known);
      },
      find: async (reference) => {
        await travel();
        const known = this.#payments.get(reference);
        if (this.#troubled && this.#random.chance(0.05)) throw new Error(`no answer about ${reference}`);
        await travel();
        if (!known) return { is: 'never-seen' };
        if (known.says === 'pending' || known.knownAtMs > this.#scheduler.nowMs()) return { is: 'pending' };
        const { is } = this.#answer(known);
        return is === 'unknown' ? { is: 'pending' } : this.#answer(known);
      },
    };
  }

  #take(reference: PaymentReference, amountFen: number): Payment | 'lost' {
    const random = this.#random;
    if (this.#troubled && random.chance(0.08)) return 'lost';
    const truth = random.chance(this.#troubled ? 0.8 : 1) ? 'paid' : 'failed';
    const says = this.#troubled
      ? random.weighted([
          [70, 'outcome'],
          [15, 'unknown'],
          [15, 'pending'],
        ] as const)
      : 'outcome';
    const payment: Payment = {
      truth,
      says,
      knownAtMs: this.#scheduler.nowMs() + (random.chance(0.2) ? random.below(5_000) : 0),
      amountFen,
    };
    this.#payments.set(reference, payment);
    return payment;
  }

  #answer({ truth, says, knownAtMs }: Payment): RailOutcome {
    if (says !== 'outcome' || knownAtMs > this.#scheduler.nowMs()) return { is: 'unknown' };
    return truth === 'paid' ? { is: 'paid' } : { is: 'failed', reason: 'account-closed' };
  }
}
