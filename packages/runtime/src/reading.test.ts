import type { Home } from '@tongdui/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Claims, type Face, face, type Received } from './face.fixture.ts';
import { type Issuer, issuer } from './issuer.fixture.ts';
import { counterId, enterprise, jiaxing, otherOrganisation, reviewer, songjiang } from './testing.ts';

let signIn: Issuer;
let at: Face;
beforeAll(async () => {
  signIn = await issuer();
});
afterAll(() => signIn.stop());
beforeEach(async () => {
  at = await face(signIn);
  return () => at.stop();
});
const call: Face['call'] = (...sent) => at.call(...sent);
const one = counterId(songjiang, 1);
const addition = (number: number) => `/counters/${one}/additions/01J${String(number).padStart(23, '0')}`;

describe('reading', () => {
  const list = (query: string, actor: Claims = reviewer) => call(`/counters${query}`, { method: 'GET', actor });
  const idsOf = (answer: Received) => (answer.json.items as { id: string }[]).map((item) => item.id);

  test('sees one’s own command with its token, and says 503 when it cannot yet', async () => {
    const { json } = await call(`/counters/${one}`, { body: {} });
    const read = await call(`/counters/${one}?after=${json.after}`, { method: 'GET' });
    expect([read.status, read.json.status]).toEqual([200, 'open']);
    await at.running.stop();
    const later = await call(addition(1), { body: { amount: 1 } });
    const behind = call(`/counters?after=${later.json.after}`, { method: 'GET' });
    let answered: Awaited<typeof behind> | undefined;
    void behind.then((answer) => {
      answered = answer;
    });
    await at.seams.wall.until(() => answered !== undefined);
    expect([answered?.status, answered?.json.code, answered?.headers.get('retry-after')]).toEqual([503, 'read-model-behind', '1']);
  });

  test.each([
    ['of another service', { service: 'ledger', epoch: 'first', position: '' }],
    ['of another store', { service: 'registry', epoch: 'second', position: '' }],
    ['with more in it', { service: 'registry', epoch: 'first', position: '', more: 1 }],
    ['that is no token', 'nonsense'],
    ['of a future that no command has reached', { service: 'registry', epoch: 'first', position: '9'.repeat(16) }],
  ])('refuses a token %s', async (_, token) => {
    const asked = list(`?after=${Buffer.from(JSON.stringify(token)).toString('base64url')}`);
    let answer: Awaited<typeof asked> | undefined;
    void asked.then((got) => {
      answer = got;
    });
    await at.seams.wall.until(() => answer !== undefined);
    expect([answer?.status, answer?.json.code]).toEqual([400, 'bad-request']);
  });

  test('pages keep their filters and stay whole while rows arrive', async () => {
    for (const number of [2, 4, 6, 8, 10])
      await at.service.run(counterId(songjiang, number), { type: 'Open', enterprise: number === 10 ? 'other' : enterprise });
    await at.idle();
    const first = await list(`?limit=2&enterprise=${enterprise}&status=open`);
    expect(idsOf(first)).toEqual([2, 4].map((number) => counterId(songjiang, number)));
    for (const number of [1, 5, 7]) await at.service.run(counterId(songjiang, number), { type: 'Open', enterprise });
    await at.idle();
    const second = await list((first.json.next as string).replace('/counters', ''));
    expect(idsOf(second)).toEqual([5, 6].map((number) => counterId(songjiang, number)));
    const third = await list((second.json.next as string).replace('/counters', ''));
    expect(idsOf(third)).toEqual([7, 8].map((number) => counterId(songjiang, number)));
    expect(third.json.next).toBeUndefined();
  });

  test.each(['?limit=0', '?limit=201', '?limit=x', '?unknown=1', '?format=xml', '?status=a&status=b'])('refuses %s', async (query) => {
    expect((await list(query)).status).toBe(422);
  });
  test('refuses a cursor it has not given', async () => {
    expect((await list('?cursor=%00')).status).toBe(400);
  });

  test('shows one’s own organisation and city only; the rest does not exist', async () => {
    await at.service.run(one, { type: 'Open', enterprise });
    await at.service.run(counterId(songjiang, 2), { type: 'Open' });
    await at.idle();
    const seen = async (actor: Claims) => [
      idsOf(await list('', actor)).length,
      (await call(`/counters/${one}`, { method: 'GET', actor })).status,
    ];
    expect(await seen({ ...reviewer })).toEqual([2, 200]);
    expect(await seen({ sub: 'e', city: songjiang, org: enterprise, roles: ['enterprise'] })).toEqual([1, 200]);
    expect(await seen({ sub: 'e', city: songjiang, org: otherOrganisation, roles: ['enterprise'] })).toEqual([0, 404]);
    expect(await seen({ sub: 'e', city: songjiang, roles: ['enterprise'] })).toEqual([0, 404]);
    expect(await seen({ sub: 'r', city: jiaxing, roles: ['reviewer'] })).toEqual([0, 404]);
    expect(await seen({ sub: 'a', city: jiaxing, roles: ['auditor'] })).toEqual([0, 404]);
    expect(await seen({ sub: 'a', city: 'G60' as Home, roles: ['auditor'] })).toEqual([2, 200]);
    expect(await seen({ sub: 't', city: 'G60' as Home, roles: ['treasurer'] })).toEqual([0, 404]);
  });

  test('exports CSV without formulas', async () => {
    await at.service.run(one, { type: 'Open', enterprise });
    await at.service.run(one, { type: 'Add', amount: 3, by: '=HYPERLINK("http://x")' });
    await at.idle();
    const { text, headers } = await list('?format=csv');
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(text).toBe(`id,home,status,total,enterprise,note\r\n${one},${songjiang},open,3,${enterprise},"by =HYPERLINK(""http://x"")"\r\n`);
  });
});
