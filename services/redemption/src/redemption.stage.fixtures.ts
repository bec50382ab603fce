import { answerAsks, eventHash, type MemoryHub, memoryHub } from '@tongdui/bus';
import { addDays, dateOf } from '@tongdui/calendar';
import {
  type Actor,
  homes as allHomes,
  type CloudEvent,
  type Home,
  type Instant,
  type Member,
  type PaymentReference,
  type PolicyTerms,
  type Route,
  type ServiceName,
} from '@tongdui/contracts';
import type { PartAnswer } from '@tongdui/decider';
import type { Request } from '@tongdui/decider/operation';
import { type JsonObject, type MemoryEventStore, memoryEventStore } from '@tongdui/event-store';
import {
  type AdjustableClock,
  adjustableClock,
  asker,
  type CrashPoint,
  host as hosted,
  noCrash,
  readModel,
  silentLog,
  type WallClock,
} from '@tongdui/runtime';
import type { PaymentRail, RailOutcome } from './payment-rail.ts';
import {
  accountOf,
  at,
  enterprise,
  fenOf,
  jiaxing,
  lab,
  offeringId,
  onDay,
  policyId,
  policyTerms,
  slices,
  songjiang,
  voucherId,
} from './redemption.fixtures.ts';
import { redemption } from './service.ts';

/** The service as it runs, in memory, among fakes of its neighbours: nothing takes time but what a test lets take time. */

/** Wall time that jumps to whoever sleeps shortest, once nothing else can happen. */
class JumpingWall implements WallClock {
  #nowMs = 0;
  #sleeping: { readonly untilMs: number; readonly wake: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper = { untilMs: this.#nowMs + milliseconds, wake: resolve };
      this.#sleeping.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleeping = this.#sleeping.filter((other) => other !== sleeper);
        resolve();
      });
    });
  }

  async until(holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 2_000; turn += 1) {
      for (let round = 0; round < 12; round += 1) await new Promise((resolve) => setImmediate(resolve));
      if (await holds()) return;
      this.#nowMs = this.#sleeping.reduce((least, { untilMs }) => Math.min(least, untilMs), this.#nowMs + 1_000);
      const due = this.#sleeping.filter(({ untilMs }) => untilMs <= this.#nowMs);
      this.#sleeping = this.#sleeping.filter(({ untilMs }) => untilMs > this.#nowMs);
      for (const { wake } of due) wake();
    }
    throw new Error(`it never came to this: ${holds.toString()}`);
  }

  /** Lets time pass until the answer is there. */
  async answer<T>(asked: Promise<T>): Promise<T> {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    asked.then(settle, settle);
    await this.until(() => settled);
    return asked;
  }
}

/** A bank that keeps what it was sent and answers by a script; paid when the script has nothing to say. */
class ScriptedRail implements PaymentRail {
  readonly sent: PaymentReference[] = [];
  readonly script: (RailOutcome | { readonly is: 'pending' } | { readonly is: 'silent' })[] = [];
  readonly #known = new Map<PaymentReference, RailOutcome | { readonly is: 'pending' }>();

  async send({ reference }: { readonly reference: PaymentReference }): Promise<RailOutcome> {
    this.sent.push(reference);
    const said = this.script.shift() ?? { is: 'paid' };
    this.#known.set(reference, said.is === 'silent' ? { is: 'paid' } : said);
    if (said.is === 'silent') throw new Error('the bank did not answer');
    return said.is === 'pending' ? { is: 'unknown' } : said;
  }

  async find(reference: PaymentReference) {
    return this.#known.get(reference) ?? ({ is: 'never-seen' } as const);
  }
}

export type World = ReturnType<typeof world>;

export const world = () => {
  const wall = new JumpingWall();
  const hub: MemoryHub = memoryHub({
    schedule: (job, delayMs) => (delayMs > 0 ? void wall.sleep(delayMs).then(job) : queueMicrotask(job)),
  });
  const clock: AdjustableClock = adjustableClock({ initial: at });
  const others = hub.connect('others');
  const drawn: JsonObject[] = [];
  /** What clearing answers to the next draws: granted when it says nothing. */
  const draws: PartAnswer[] = [];
  answerAsks(others, 'clearing', allHomes, async (ask) => {
    drawn.push(ask as JsonObject);
    const { type } = ask as { type: string };
    return type === 'draw-prefund' ? (draws.shift() ?? { is: 'yes', data: {} }) : { is: 'yes', data: {} };
  });
  const last = new Map<string, CloudEvent>();
  /** Another service publishes its next event. */
  const say = async (service: ServiceName, home: string, type: string, data: object) => {
    const source = `/${service}/${home}`;
    const previous = last.get(source);
    const sequence = previous ? Number(previous.sequence) + 1 : 1;
    const event: CloudEvent = {
      specversion: '1.0',
      id: `00000000-0000-4000-8000-${String(sequence).padStart(12, '0')}`,
      source,
      type: `g60.${service}.${type}.v1`,
      subject: 'subject',
      time: clock.now(),
      datacontenttype: 'application/json',
      sequence: String(sequence).padStart(16, '0'),
      data: { ...data, occurredAt: clock.now() },
      ...(previous ? { previoushash: eventHash(previous) } : {}),
    };
    last.set(source, event);
    await others.publish({ service, home: home as Home }, [event]);
  };
  return { wall, hub, clock, rail: new ScriptedRail(), drawn, draws, say };
};

/** A city's policy, an enterprise with a voucher, a recognised lab with an offering, and an agreement. */
export const prepared = async ({ say }: World, terms: Partial<PolicyTerms> = {}, route: Route = 'host-fronted', faceFen = 9_000_001) => {
  const validity = { validFrom: onDay(-10), validUntil: onDay(700) };
  const policy = { policyId: policyId(), home: songjiang, version: 1, effectiveFrom: onDay(-30) };
  await say('issuance', songjiang, 'policy-published', { ...policy, terms: { ...policyTerms, ...terms } });
  const named = { uscc: enterprise, home: songjiang, name: '新材料公司', establishedOn: onDay(-3_000) };
  await say('issuance', songjiang, 'enterprise-registered', { ...named, account: accountOf(1) });
  const provider = { uscc: lab, host: jiaxing, name: '检测中心', status: 'admitted', categories: ['testing'] };
  await say('registry', jiaxing, 'provider-changed', { ...provider, account: accountOf(2) });
  const offering = { offeringId: offeringId(), host: jiaxing, provider: lab, category: 'testing', name: '检测' };
  await say('registry', jiaxing, 'offering-changed', offering);
  const recognition = {
    recognitionId: `${songjiang}-recognition-01J00000000000000000000001`,
    home: songjiang,
    host: jiaxing,
    provider: lab,
  };
  await say('registry', songjiang, 'recognition-changed', { ...recognition, categories: ['testing'], ...validity });
  const agreement = { home: songjiang, host: jiaxing, version: 1, route, prefundFen: 0, effectiveFrom: onDay(-30) };
  await say('clearing', 'G60', 'agreement-published', { ...agreement, legalBasis: '协议', verification: 'default' });
  await say('issuance', songjiang, 'voucher-issued', {
    voucherId: voucherId(),
    applicationId: voucherId().replace('voucher', 'application'),
    home: songjiang,
    enterprise,
    policyId: policyId(),
    faceFen: fenOf(faceFen),
    issuedOn: dateOf(at),
    expiresOn: onDay(365),
    slices: slices(faceFen),
  });
};

/** One process of the service. */
export const processOf = (
  { wall, hub, clock, rail }: World,
  name: string,
  store: MemoryEventStore = memoryEventStore({ epoch: 'one' }),
  crash: CrashPoint = noCrash,
) => {
  const homes = allHomes;
  const transport = hub.connect(name);
  const rows = readModel({ file: ':memory:', epoch: store.epoch, homes });
  const stopping = new AbortController();
  const ask = asker({ transport, service: 'redemption', servedHomes: homes, asks: (asked) => service.asks(asked) });
  const service = redemption({ store, wall, rows, ask, crash, clock, signal: stopping.signal }, rail);
  const running = hosted(service, { store, transport, homes, readModel: rows, clock, wall, log: silentLog, crash, replica: name });
  const idle = () => wall.until(async () => (await running.status()).idle);
  return {
    ...service,
    store,
    rows,
    running,
    idle,
    /** Business time goes on to noon of a later day. */
    pass: async (days: number) => {
      clock.moveTo(`${addDays(dateOf(at), days)}T04:00:00.000Z` as Instant);
      await idle();
    },
    stop: async () => {
      stopping.abort();
      await wall.answer(running.stop());
    },
    published: async (home: string) => (await store.read(`redemption.${home}.published`)).map(({ data }) => data as unknown as CloudEvent),
    factsOf: async (stream: string) => (await store.read(stream)).map(({ type }) => type),
  };
};
export type Process = ReturnType<typeof processOf>;

export const requestOf = (clock: AdjustableClock, actor: Actor, key: string, hash = 'body'): Request => ({
  actor,
  key,
  hash,
  id: `${key} ${hash}`,
  at: clock.now(),
});

export const payerOf = (route: Route, payeeMode: PolicyTerms['payeeMode']): Member =>
  route === 'host-fronted' && payeeMode === 'lab-redeemed' ? jiaxing : songjiang;
