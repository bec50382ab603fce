import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Home, homes, type Instant, ProblemDetails, type ServiceName, serviceNames } from '@tongdui/contracts';
import { type System, startSystem } from '@tongdui/development/system';
import { ulid } from 'ulid';
import { expect } from 'vitest';
import { type Enterprise, hangzhou, jiaxing, type Lab, type Placed, type Story, songjiang, story } from './story.ts';

/** One real system in two sets of processes, with one order at each step, and requests that must be refused without any effect. */

export type Sent = {
  readonly service: ServiceName;
  readonly path: string;
  /** Default: who the sample of this service is by. */
  readonly home?: string;
  readonly method?: string;
  readonly person?: string;
  /** Instead of the person's own; empty for none. */
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The body as it is sent, where it is not the JSON of something. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
};

/** Heads when the last refusal had been answered; none after a request that may change something. */
type Seen = { heads: object | undefined };

export type Refused = { readonly status: number; readonly code: string };

/** What the tests act on: one order at each step. */
export type Cast = {
  /** SHA-256 of a file that the lab registered. */
  readonly file: string;
  readonly enterprise: Enterprise;
  readonly lab: Lab;
  readonly potId: string;
  readonly voucherId: string;
  readonly accepted: Placed;
  readonly contracted: Placed;
  readonly delivered: Placed;
  readonly redeemed: Placed;
  readonly submitted: Placed;
};

export type Stage = Awaited<ReturnType<typeof openStage>>;

export const everyService = serviceNames.map((service) => ({ service }));
export const home = hangzhou;
export const host = songjiang;
export const elsewhere = jiaxing;
const now = '2026-03-02T01:00:00.000Z' as Instant;
const baseFen = 200_000;
const subsidyFen = 100_000;

export const openStage = async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tongdui-bad-input-'));
  const system = await startSystem({
    dataDirectory: directory,
    clock: { frozenAt: now },
    sets: [
      { name: 'jiaxing', cities: homes.filter((one) => one === elsewhere) },
      { name: 'corridor', cities: homes.filter((one) => one !== elsewhere) },
    ],
  });
  const tell = story(system);
  const stop = async () => {
    await system.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const cast = await castOf(system, tell);
    const signingKey = () => JSON.parse(readFileSync(join(directory, 'identity-provider', 'signing-key.json'), 'utf8')) as object;
    const seen: Seen = { heads: undefined };
    return {
      system,
      tell,
      cast,
      signingKey,
      expectRefused: (sent: Sent, refused: Refused) => refuses(system, seen, sent, refused),
      /** Once nothing is under way any more, everything is as it was when the last refusal had been answered. */
      expectNothingFollowed: async () => {
        await system.waitIdle();
        if (seen.heads) expect(await headsOf(system)).toEqual(seen.heads);
      },
      send: async (sent: Sent) => {
        seen.heads = undefined;
        const response = await send(system, sent);
        await system.waitIdle();
        return response;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

const castOf = async (system: System, tell: Story): Promise<Cast> => {
  const [lab, enterprise, potId] = await Promise.all([
    tell.openLab(host, [home]),
    tell.registerEnterprise(home),
    tell.openPot(home, home, [home], 100_000_000),
    tell.enactPolicy({ code: home, payeeMode: 'lab-redeemed' }),
  ]);
  await system.waitIdle();
  const voucherId = await tell.issueVoucher(enterprise, 10 * subsidyFen, [{ potId, bps: 10_000 }]);
  const propose = () => tell.propose(enterprise, lab, voucherId);
  const [accepted, contracted, delivered, redeemed, submitted] = await Promise.all([propose(), propose(), propose(), propose(), propose()]);
  await Promise.all([
    ...[contracted, delivered].map((order) =>
      tell.must('redemption', home, `/orders/${order.orderId}/contracts/1`, tell.boss(enterprise), tell.contract(baseFen, subsidyFen)),
    ),
    ...[redeemed, submitted].map((order) => tell.redeem(order, baseFen, subsidyFen)),
  ]);
  await tell.must('redemption', home, `/orders/${delivered.orderId}/delivery`, tell.lab(lab), delivery);
  const file = 'd'.repeat(64);
  await tell.must('redemption', home, `/evidence/${home}-evidence-${file}`, tell.lab(lab), {
    sm3: 'e'.repeat(64),
    kind: 'invoice',
    bytes: 1_024,
    mediaType: 'application/pdf',
  });
  await tell.submit(submitted, baseFen, subsidyFen, 'lab-redeemed');
  await system.waitIdle();
  return { file, enterprise, lab, potId, voucherId, accepted, contracted, delivered, redeemed, submitted };
};

const delivery = { deliveredOn: '2026-03-02', deliverableDigest: 'b'.repeat(64) };

/** One command of each service that would be accepted as it is, every time under a new id; the ledger has none but an operator's. */
export const sampleOf = ({ tell, cast }: Pick<Stage, 'tell' | 'cast'>, service: ServiceName): Sent & { readonly body: object } => {
  switch (service) {
    case 'issuance': {
      const path = `/pots/${cast.potId}/appropriations/${ulid()}`;
      return { service, path, person: `budget-officer.${home}`, body: { amountFen: 100 } };
    }
    case 'registry': {
      const body = { provider: cast.lab.uscc, category: 'testing', name: 'Fatigue test', tariffFen: 100 };
      return { service, path: `/offerings/${host}-offering-${ulid()}`, person: tell.lab(cast.lab), body };
    }
    case 'redemption': {
      const path = `/orders/${cast.accepted.orderId}/contracts/1`;
      return { service, path, person: tell.boss(cast.enterprise), body: tell.contract(baseFen, subsidyFen) };
    }
    case 'clearing': {
      const path = `/pairs/${elsewhere}-${home}/deposits/${ulid()}`;
      return { service, path, person: `treasurer.${home}`, body: { amountFen: 100 } };
    }
    case 'ledger':
      return { service, path: `/lines/redemption-${home}/skip`, person: 'operator.G60', body: { reason: 'It cannot be read' } };
  }
};

/** A list that everyone in `sampleOf` may ask for. */
export const listOf: Readonly<Record<ServiceName, string>> = {
  issuance: '/pots',
  registry: '/offerings',
  redemption: '/orders',
  clearing: '/agreements',
  ledger: '/books',
};

const send = async (system: System, sent: Sent): Promise<Response> => {
  const { service, path, method = 'PUT', headers = {}, body, raw } = sent;
  const authorization = sent.authorization ?? (sent.person === undefined ? '' : `Bearer ${await system.token(sent.person)}`);
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  return fetch(`${system.url(service, (sent.home ?? home) as Home)}${path}`, {
    method,
    headers: {
      ...(authorization === '' ? {} : { authorization }),
      ...(content === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content }),
  });
};

/** The whole of what a refusal promises: a complete problem with the code, and nothing stored or published anywhere. */
const refuses = async (
  system: System,
  seen: Seen,
  sent: Sent,
  { status, code }: Refused,
): Promise<{ details: ProblemDetails; headers: Headers }> => {
  const before = seen.heads ?? (await headsOf(system));
  const response = await send(system, sent);
  const text = await response.text();
  expect({ status: response.status, text }).toEqual({ status, text: expect.stringContaining(`"code":"${code}"`) });
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const details = ProblemDetails.parse(JSON.parse(text));
  expect(details).toMatchObject({
    type: `urn:tongdui:problem:${code}`,
    title: details.en,
    status,
    code,
    instance: sent.path.split('?')[0],
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    zh: expect.stringMatching(/[\u4e00-\u9fff]/),
    en: expect.stringMatching(/^[A-Z0-9]\P{Script=Han}+$/u),
  });
  seen.heads = await headsOf(system);
  expect(seen.heads).toEqual(before);
  return { details, headers: response.headers };
};

/** The head of every store and of every published stream. */
const headsOf = async (system: System): Promise<object> =>
  Object.fromEntries([...(await system.statuses())].map(([name, { head, published }]) => [name, { head, published }]));

export const idAt = (city: string, noun: string): string => `${city}-${noun}-${ulid()}`;
