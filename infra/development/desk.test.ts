import { expect, test } from 'vitest';
import { type Attempt, Desk } from './desk.ts';

type List = { readonly items: readonly { readonly path: string; readonly body: unknown }[] };

const officer = (answer: (list: List) => Attempt) => {
  const lists: List[] = [];
  const desk = new Desk(async (path, body) => {
    expect(path).toMatch(/^\/batches\/[\w-]+$/);
    lists.push(body as List);
    return answer(body as List);
  });
  return { desk, lists };
};
const eachDone = ({ items }: List): Attempt => ({
  ok: true,
  status: 200,
  body: { items: items.map(({ path }) => ({ path, status: 201, answer: { id: path } })) },
});

test('what waits goes out in lists of at most a hundred, in order, and everybody gets their own answer', async () => {
  const { desk, lists } = officer(eachDone);
  const paths = Array.from({ length: 230 }, (_, index) => `/claims/${index}/review`);
  const answers = await Promise.all(paths.map((path) => desk.put(path, {})));
  expect(lists.map(({ items }) => items.length)).toEqual([100, 100, 30]);
  expect(answers.map(({ body }) => body)).toEqual(paths.map((id) => ({ id })));
});

test('a refusal is of one command alone, and a busy one may be asked again', async () => {
  const answered = [
    { status: 409, problem: { code: 'claim-unknown' } },
    { status: 503, problem: { code: 'contended' } },
    { status: 200, answer: {} },
  ];
  const { desk } = officer(() => ({ ok: true, status: 200, body: { items: answered } }));
  const [refused, busy, done] = await Promise.all([1, 2, 3].map((claim) => desk.put(`/claims/${claim}/notice`, {})));
  expect(refused).toMatchObject({ ok: false, status: 409, code: 'claim-unknown' });
  expect(refused).not.toHaveProperty('retryAfterMs');
  expect(busy).toMatchObject({ ok: false, status: 503, code: 'contended', retryAfterMs: 100 });
  expect(done).toMatchObject({ ok: true, status: 200 });
});

test('a list that is not answered is not answered for any of it', async () => {
  const { desk } = officer(() => ({ ok: false, status: 0, code: 'unreachable', body: 'ECONNREFUSED' }));
  const answers = await Promise.all([1, 2].map((claim) => desk.put(`/claims/${claim}/notice`, {})));
  expect(answers.map(({ status }) => status)).toEqual([0, 0]);
});
