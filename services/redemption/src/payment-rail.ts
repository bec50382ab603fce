import http from 'node:http';
import https from 'node:https';
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
  const call = async (reference: string, method: 'PUT' | 'GET', body?: string): Promise<unknown> => {
    let reply: Reply;
    try {
      reply = await requested(`${bankUrl}/payments/${reference}`, method, body);
    } catch (cause) {
      throw new RailUnreachable(`the bank did not answer for ${reference}`, { cause });
    }
    if (reply.status < 200 || reply.status > 299) throw new RailUnreachable(`the bank answered ${reply.status} for ${reference}`);
    return JSON.parse(reply.text);
  };
  return {
    send: async ({ reference, payer, payee, account, amountFen, valueDate }) => {
      const body = JSON.stringify({ payerCity: payer, payeeUscc: payee, account, amountFen, valueDate });
      const { outcome, reason } = Answer.parse(await call(reference, 'PUT', body));
      return outcome === 'failed' ? { is: outcome, reason: reason ?? 'refused-by-bank' } : { is: outcome };
    },
    find: async (reference) => {
      const { status, reason } = Found.parse(await call(reference, 'GET'));
      return status === 'failed' ? { is: status, reason: reason ?? 'refused-by-bank' } : { is: status };
    },
  };
};

type Reply = { readonly status: number; readonly text: string };

const agents = {
  'http:': { request: http.request, agent: new http.Agent({ keepAlive: true }) },
  'https:': { request: https.request, agent: new https.Agent({ keepAlive: true }) },
};

/** Beneath `fetch`, which costs three times as much for an answer of one line. Redirects are not followed: they are no answer of a bank. */
const requested = (url: string, method: string, body: string | undefined): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const { request, agent } = agents[new URL(url).protocol as keyof typeof agents];
    const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asking = request(url, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    const patience = setTimeout(() => asking.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    asking.on('close', () => clearTimeout(patience));
    asking.on('error', (error: NodeJS.ErrnoException) => {
      // The bank closed a connection that nobody had used for a while, just as it was used again. A question may be asked once more at once;
      // whether a payment arrived must be asked first.
      if (method === 'GET' && asking.reusedSocket && error.code === 'ECONNRESET') requested(url, method, body).then(resolve, reject);
      else reject(error);
    });
    asking.end(body);
  });
