import type { BankAccount, Fen, LocalDate, Member, PaymentReference, Uscc } from '@tongdui/contracts';
import { z } from 'zod';

/** What a payment needs of a bank. Idempotent by reference: the same reference is paid at most once, whatever is retried. */
export interface PaymentRail {
  /** Rejects with `RailUnreachable` when no answer came; then only `find` may be asked, and `never-seen` alone permits sending again. */
  send(payment: RailPayment): Promise<RailOutcome>;
  find(reference: PaymentReference): Promise<RailOutcome | { readonly is: 'pending' } | { readonly is: 'never-seen' }>;
}

type RailPayment = {
  readonly reference: PaymentReference;
  readonly payer: Member;
  readonly payee: Uscc;
  readonly account: BankAccount;
  readonly amountFen: Fen;
  readonly valueDate: LocalDate;
};

export type RailOutcome = { readonly is: 'paid' } | { readonly is: 'failed'; readonly reason: string } | { readonly is: 'unknown' };

class RailUnreachable extends Error {
  override name = 'RailUnreachable';
}

const Answer = z.object({ outcome: z.enum(['paid', 'failed', 'unknown']), reason: z.string().optional() });
const Found = z.object({ status: z.enum(['paid', 'failed', 'pending', 'never-seen']), reason: z.string().optional() });

const timeoutMs = 10_000;

/** The rail over HTTP: `PUT` and `GET /payments/{reference}`. */
export const httpPaymentRail = (bankUrl: string): PaymentRail => {
  const call = async (reference: string, init: RequestInit): Promise<unknown> => {
    let response: Response;
    try {
      response = await fetch(`${bankUrl}/payments/${reference}`, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    } catch (cause) {
      throw new RailUnreachable(`the bank did not answer for ${reference}`, { cause });
    }
    if (!response.ok) throw new RailUnreachable(`the bank answered ${response.status} for ${reference}`);
    return response.json();
  };
  return {
    send: async ({ reference, payer, payee, account, amountFen, valueDate }) => {
      const body = JSON.stringify({ payerCity: payer, payeeUscc: payee, account, amountFen, valueDate });
      const { outcome, reason } = Answer.parse(
        await call(reference, { method: 'PUT', headers: { 'content-type': 'application/json' }, body }),
      );
      return outcome === 'failed' ? { is: outcome, reason: reason ?? 'refused-by-bank' } : { is: outcome };
    },
    find: async (reference) => {
      const { status, reason } = Found.parse(await call(reference, { method: 'GET' }));
      return status === 'failed' ? { is: status, reason: reason ?? 'refused-by-bank' } : { is: status };
    },
  };
};
