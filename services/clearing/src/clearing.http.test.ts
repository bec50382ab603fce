import { type Actor, clearingCommands, type Home, homes, type Instant, type Role } from '@tongdui/contracts';
import { memoryEventStore } from '@tongdui/event-store';
import { adjustableClock, type CommandContext, type CommandEndpoint, type Endpoint, noCrash, readModel, wallClock } from '@tongdui/runtime';
import { describe, expect, test } from 'vitest';
import { jiaxing, songjiang } from './clearing.fixtures.ts';
import { routes } from './clearing.http.ts';
import { clearing } from './service.ts';

const ulid = '01J00000000000000000000001';
const reference = `310117-payment-${ulid}-1-1`;
const person = (role: Role, city: string): Actor => ({ sub: role, city: city as Home, roles: [role] });
const terms = { declarationDayOfMonth: 20, confirmationWorkingDays: 10, transferWorkingDays: 15, disputeDays: 60 };

const isCommand = (endpoint: Endpoint): endpoint is CommandEndpoint => endpoint.is === 'command';

const stage = (served: readonly Home[] = homes) => {
  const store = memoryEventStore({ epoch: 'first' });
  const rows = readModel({ file: ':memory:', epoch: store.epoch, homes: served });
  const clock = adjustableClock({ initial: '2026-03-01T02:00:00.000Z' as Instant });
  const { operations } = clearing({ store, rows, clock, wall: wallClock, crash: noCrash, ask: async () => ({ is: 'yes', data: {} }) });
  const tokens = { encode: (position: string) => position } as CommandContext['tokens'];
  const context: CommandContext = { homes: served, cityUrls: { '310117': 'https://songjiang.example' }, clock, tokens };
  const commands = new Map(
    routes(operations)
      .filter(isCommand)
      .map((endpoint) => [endpoint.operation, endpoint]),
  );
  const put = async (operation: keyof typeof clearingCommands, actor: Actor, params: Record<string, string>, body: unknown) => {
    const reply = await commands.get(operation)!.run({ actor, params, body }, context);
    return reply.is === 'answered' ? reply.status : [reply.failure.problem.status, reply.failure.code];
  };
  return { put, commands };
};

const deposit = { pair: '330400-310117', id: ulid };
const agreement = { route: 'host-fronted', prefundFen: 1, effectiveFrom: '2026-03-01', legalBasis: '框架协议', verification: 'default' };

describe('the routes', () => {
  test('are those of the contract, each problem said in both languages', () => {
    const { commands } = stage();
    expect([...commands.keys()].sort()).toEqual(Object.keys(clearingCommands).sort());
    for (const { problems } of commands.values())
      for (const problem of Object.values(problems))
        expect([problem.zh.length > 3, problem.en.length > 3, problem.status]).toEqual([true, true, expect.any(Number)]);
  });
  test('answer 201 first, 200 on the retry, 409 for the same id with another body', async () => {
    const { put } = stage();
    const treasurer = person('treasurer', songjiang);
    expect(await put('depositPrefund', treasurer, deposit, { amountFen: 5 })).toBe(201);
    expect(await put('depositPrefund', treasurer, deposit, { amountFen: 5 })).toBe(200);
    expect(await put('depositPrefund', treasurer, deposit, { amountFen: 6 })).toEqual([409, 'id-reused']);
  });
  test('send a pair to the home that keeps its creditor’s book, and a cycle or an agreement to the corridor', async () => {
    const { put } = stage([jiaxing as string as Home]);
    expect(await put('depositPrefund', person('treasurer', songjiang), deposit, { amountFen: 5 })).toEqual([421, 'misdirected']);
    expect(await put('openCycle', person('joint-office', 'G60'), { cycle: '202603' }, { terms })).toEqual([421, 'misdirected']);
    expect(await put('publishAgreement', person('joint-office', 'G60'), { agreement: '330400-310117', n: '1' }, agreement)).toEqual([
      421,
      'misdirected',
    ]);
    const toJiaxing = { pair: '330000-330400', id: ulid };
    const settled = { amountFen: 5, obligations: [`330000-330400-cost-share-${reference}`] };
    expect(await put('settleVertically', person('treasurer', jiaxing), toJiaxing, settled)).toEqual([404, 'obligation-unknown']);
  });
  test.each([
    [
      'members settle in the cycle',
      'settleVertically',
      { pair: '330400-310117', id: ulid },
      { amountFen: 1, obligations: [`330400-310117-cost-share-${reference}`] },
    ],
    ['no prefund of a party that is not a member', 'depositPrefund', { pair: '330000-330400', id: ulid }, { amountFen: 1 }],
    ['nobody owes themselves', 'depositPrefund', { pair: '330400-330400', id: ulid }, { amountFen: 1 }],
    [
      'nobody keeps that book',
      'settleVertically',
      { pair: '990000-330400', id: ulid },
      { amountFen: 1, obligations: [`330000-330400-cost-share-${reference}`] },
    ],
    ['a deposit of nothing', 'depositPrefund', deposit, { amountFen: 0 }],
    ['a fraction of a fen', 'depositPrefund', deposit, { amountFen: 0.5 }],
    ['a thirteenth month', 'openCycle', { cycle: '202613' }, { terms }],
    ['an agreement with oneself', 'publishAgreement', { agreement: '330400-330400', n: '1' }, agreement],
    [
      'a ground that is none',
      'disputeObligation',
      { pair: '330400-310117', id: `330400-310117-host-fronted-${reference}` },
      { reason: 'too-dear' },
    ],
  ] as const)('refuse what has not the form of the contract: %s', async (_, operation, params, body) => {
    const actor: Actor = { sub: 'everyone', city: 'G60' as Home, roles: ['treasurer', 'joint-office'] };
    expect(await stage().put(operation, actor, params, body)).toEqual([422, 'invalid-request']);
  });
  test('publish agreement versions one after the other', async () => {
    const { put } = stage();
    const publish = (n: string) => put('publishAgreement', person('joint-office', 'G60'), { agreement: '330400-310117', n }, agreement);
    expect(await publish('2')).toEqual([409, 'version-not-next']);
    expect(await publish('1')).toBe(201);
    expect(await publish('1')).toBe(200);
    expect(await publish('2')).toBe(201);
  });
});
