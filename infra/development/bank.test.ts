import { afterAll, beforeAll, expect, test } from 'vitest';
import { Audit, PaymentAnswer, PaymentFound, Statement } from './bank/protocol.ts';
import type { Child } from './system/child.ts';
import { startServer, temporaryDirectory } from './testing.ts';

const data = temporaryDirectory();
let bank: { child: Child; url: string };
let issued = 0;

beforeAll(async () => {
  bank = await startServer('bank', data.path);
});
afterAll(async () => {
  await bank.child.stop();
  data.remove();
});

const order = {
  payerCity: '330400',
  payeeUscc: '91350100M000100Y43',
  account: { cnaps: '102335000017', number: '6222000012345678', name: '某某实验室' },
  amountFen: 5_000_000,
  valueDate: '2026-03-02',
};
const newPayment = () => `330400-payment-01J${String(++issued).padStart(23, '0')}-1`;
const put = (path: string, body: unknown) =>
  fetch(`${bank.url}${path}`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const pay = async (reference: string, body: unknown = order) =>
  PaymentAnswer.parse(await (await put(`/payments/${reference}`, body)).json());
const find = async (reference: string) => PaymentFound.parse(await (await fetch(`${bank.url}/payments/${reference}`)).json());
const linesOf = async (reference: string, city = order.payerCity) => {
  const statement = Statement.parse(await (await fetch(`${bank.url}/statements/${city}?date=${order.valueDate}&limit=1000`)).json());
  return statement.lines.filter((line) => line.reference === reference);
};
const audit = async () => Audit.parse(await (await fetch(`${bank.url}/audit`)).json());
const timesPaid = async (reference: string) => (await audit()).payments.find((payment) => payment.reference === reference)?.timesPaid;

test('a payment is made once however often it is asked for', async () => {
  const reference = `${newPayment()}-1`;
  const answers = await Promise.all(Array.from({ length: 20 }, () => pay(reference)));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]?.outcome).toBe('paid');
  expect(await timesPaid(reference)).toBe(1);
  expect(await linesOf(reference)).toHaveLength(1);
});

test('the same reference with another body is refused and changes nothing', async () => {
  const reference = `${newPayment()}-1`;
  await pay(reference);
  expect((await put(`/payments/${reference}`, { ...order, amountFen: 1 })).status).toBe(409);
  expect((await linesOf(reference)).map((line) => line.amountFen)).toEqual([order.amountFen]);
});

test('an order that is not one is refused with what is wrong', async () => {
  const response = await put('/payments/x', { ...order, amountFen: 1.5, remark: 'extra' });
  expect(response.status).toBe(422);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
});

test('find tells paid, failed, pending and never-seen apart', async () => {
  const [paid, failed, pending, never] = [newPayment(), newPayment(), newPayment(), newPayment()].map((payment) => `${payment}-1`) as [
    string,
    string,
    string,
    string,
  ];
  await put(`/rules/${failed}`, { outcome: 'failed' });
  await put(`/rules/${pending}`, { outcome: 'unknown' });
  for (const reference of [paid, failed, pending]) await pay(reference);
  const found = await Promise.all([paid, failed, pending, never].map(find));
  expect(found.map(({ status }) => status)).toEqual(['paid', 'failed', 'pending', 'never-seen']);
  expect(await timesPaid(failed)).toBe(0);
});

test('an unknown payment turns out on the statement, and only there', async () => {
  const reference = `${newPayment()}-1`;
  await put(`/rules/${reference}`, { outcome: 'unknown', turnsOut: 'paid' });
  expect((await pay(reference)).outcome).toBe('unknown');
  expect((await pay(reference)).outcome).toBe('unknown');
  expect((await find(reference)).status).toBe('pending');
  expect(await linesOf(reference)).toMatchObject([{ outcome: 'paid', amountFen: order.amountFen }]);
  expect(await timesPaid(reference)).toBe(1);
});

test('an unknown payment without a fate waits until a rule gives it one, once', async () => {
  const payment = newPayment();
  const reference = `${payment}-1`;
  await put(`/rules/${payment}`, { outcome: 'unknown' });
  await pay(reference);
  expect(await linesOf(reference)).toEqual([]);
  await put(`/rules/${payment}`, { outcome: 'unknown', turnsOut: 'failed' });
  await put(`/rules/${payment}`, { outcome: 'unknown', turnsOut: 'paid' });
  expect(await linesOf(reference)).toMatchObject([{ outcome: 'failed' }]);
  expect(await timesPaid(reference)).toBe(0);
});

test('the longest rule for a reference wins, a rule for the payee comes last, and a beginning ends at a hyphen', async () => {
  const payee = '91310117MA1J00001G';
  const payment = newPayment();
  await put(`/rules/${payee}`, { outcome: 'failed' });
  await put(`/rules/${payment}`, { outcome: 'unknown' });
  await put(`/rules/${payment}-2`, { outcome: 'paid' });
  const outcomeOf = async (reference: string) => (await pay(reference, { ...order, payeeUscc: payee })).outcome;
  expect(await outcomeOf(`${payment}-1`)).toBe('unknown');
  expect(await outcomeOf(`${payment}-2`)).toBe('paid');
  expect(await outcomeOf(`${payment}1-1`)).toBe('failed');
});

test('a caller that gets no answer can find the payment, and a retry is answered', async () => {
  const reference = `${newPayment()}-1`;
  await put(`/rules/${reference}`, { outcome: 'crash-before-answer' });
  await expect(pay(reference)).rejects.toThrow();
  expect((await find(reference)).status).toBe('paid');
  expect((await pay(reference)).outcome).toBe('paid');
  expect(await timesPaid(reference)).toBe(1);
});

test('a slow payment is made before its answer arrives', async () => {
  const reference = `${newPayment()}-1`;
  await put(`/rules/${reference}`, { outcome: 'slow', delayMs: 400 });
  const answer = pay(reference);
  await expect.poll(() => find(reference)).toMatchObject({ status: 'paid' });
  expect((await answer).outcome).toBe('paid');
});

test('statement lines come in pages and of the asked city and day only', async () => {
  const city = '341800';
  const references = Array.from({ length: 5 }, () => `${newPayment()}-1`);
  for (const reference of references) await pay(reference, { ...order, payerCity: city });
  await pay(`${newPayment()}-1`, { ...order, payerCity: city, valueDate: '2026-03-03' });
  const page = async (after: number) =>
    Statement.parse(await (await fetch(`${bank.url}/statements/${city}?date=2026-03-02&limit=3&after=${after}`)).json());
  const first = await page(0);
  const second = await page(first.next ?? 0);
  expect([...first.lines, ...second.lines].map((line) => line.reference)).toEqual(references);
  expect(second.next).toBeUndefined();
});

test('the audit names a payment that was paid under two references', async () => {
  const payment = newPayment();
  expect((await audit()).paidAgain.map((again) => again.payment)).not.toContain(payment);
  await pay(`${payment}-1`);
  await pay(`${payment}-2`);
  expect((await audit()).paidAgain).toContainEqual({ payment, references: [`${payment}-1`, `${payment}-2`] });
  expect((await audit()).duplicates).toEqual([]);
});

test('what was acknowledged survives kill -9 in the middle of a stream of payments', async () => {
  const acknowledged: string[] = [];
  const senders = Array.from({ length: 8 }, async () => {
    for (let count = 0; count < 500; count += 1) {
      const reference = `${newPayment()}-1`;
      const answer = await pay(reference).catch(() => undefined);
      if (!answer) return;
      acknowledged.push(reference);
    }
  });
  await expect.poll(() => acknowledged.length).toBeGreaterThan(50);
  await bank.child.kill('SIGKILL');
  await Promise.all(senders);
  await bank.child.restart();
  const { payments, duplicates } = await audit();
  const paid = new Map(payments.map((payment) => [payment.reference, payment.timesPaid]));
  expect(acknowledged.filter((reference) => paid.get(reference) !== 1)).toEqual([]);
  expect(duplicates).toEqual([]);
});
