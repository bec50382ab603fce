import type { System } from '@tongdui/development/system';
import { expect } from 'vitest';
import { frozenAt } from './battery.ts';
import type { Market, Place } from './market.ts';
import { eventually, type Placed, type Sent, type Story, type StoryOptions, story } from './story.ts';

/** Many redemptions going on at once, each told to its end whatever happens to the services meanwhile. */
export type Load = {
  /** Every command that was answered 200 or 201. */
  readonly acknowledged: readonly Sent[];
  /** Orders whose claim was seen paid. */
  readonly completed: readonly Placed[];
  /** Resolves when so many more commands have been acknowledged. */
  progress(commands: number): Promise<void>;
  /** Begins no more stories, resolves when all that were begun have ended; rejects when one of them could not. */
  stop(): Promise<void>;
};

export type LoadOptions = {
  /** Stories told at the same time. */
  readonly concurrency: number;
};

const patienceMs = 60_000;
const firstMorning = Date.parse(frozenAt);

/** What was acknowledged is written down in `acknowledged`; steps are tried again while a service is away. */
export const patiently = (acknowledged: Sent[]): StoryOptions => ({
  patienceMs,
  onAnswer: (sent, { status }) => {
    if (status === 200 || status === 201) acknowledged.push(sent);
  },
});

export const startLoad = (system: System, market: Market, { concurrency }: LoadOptions): Load => {
  const acknowledged: Sent[] = [];
  const completed: Placed[] = [];
  const calendar = calendarOf(system);
  const tell = story(system, { ...patiently(acknowledged), today: calendar.today });
  let begun = 0;
  let stopping = false;
  let failure: unknown;

  const worker = async () => {
    while (!stopping) {
      begun += 1;
      const place = market[begun % market.length] as Place;
      completed.push(await redemption(tell, place, begun, calendar));
    }
  };
  const telling = Promise.all(Array.from({ length: concurrency }, worker)).catch((error: unknown) => {
    failure ??= error;
    stopping = true;
  });
  const turning = calendar.turn(telling).catch((error: unknown) => {
    failure ??= error;
    stopping = true;
  });
  const failed = () => {
    if (failure) throw failure;
  };

  return {
    acknowledged,
    completed,
    progress: async (commands) => {
      const wanted = acknowledged.length + commands;
      await eventually(() => {
        failed();
        return acknowledged.length >= wanted;
      }, `${commands} more commands are acknowledged`);
    },
    stop: async () => {
      stopping = true;
      await Promise.all([telling, turning]);
      failed();
      expect(completed).toHaveLength(begun);
    },
  };
};

/** From an enterprise nobody knew to its lab's money, or its own. Every amount is odd, so that every split has a remainder. */
const redemption = async (tell: Story, place: Place, n: number, calendar: Calendar): Promise<Placed> => {
  const order = await calendar.withinADay(() => untilNotice(tell, place, n));
  const placed = await calendar.overnight(tell.paymentOf(order));
  await tell.pay(placed);
  await eventually(async () => (await tell.claimView(placed)).status === 'paid', `${placed.claimId} is paid`, patienceMs);
  return placed;
};

const untilNotice = async (tell: Story, { home, lab, funding, payeeMode }: Place, n: number): Promise<Placed> => {
  const baseFen = 200_001 + 2 * n;
  const subsidyFen = Math.floor(baseFen / 2);
  const enterprise = await tell.registerEnterprise(home);
  const voucherId = await tell.issueVoucher(enterprise, subsidyFen + 7, funding);
  const order = await tell.propose(enterprise, lab, voucherId);
  await tell.redeem(order, baseFen, subsidyFen);
  await tell.submit(order, baseFen, subsidyFen, payeeMode);
  await tell.approve(order, baseFen, subsidyFen, payeeMode);
  return order;
};

const dayMs = 86_400_000;
const nightMs = 1_000;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

type Calendar = ReturnType<typeof calendarOf>;

/**
 * Business time goes on by a day when somebody waits for the next one, and nobody has begun what must be decided before: several streams
 * have ten minutes to agree, whatever happens to their services.
 */
const calendarOf = (system: System) => {
  let day = 0;
  let busy = 0;
  let waiting = 0;
  let isNight = false;
  const morning = () => new Date(firstMorning + day * dayMs).toISOString();

  const pass = async () => {
    isNight = true;
    await eventually(() => busy === 0, 'everybody has come to the end of the day', 2 * patienceMs);
    day += 1;
    await Promise.all(serviceUrls(system).map(([, url]) => moveClock(system, url, morning())));
    isNight = false;
  };

  return {
    today: () => morning().slice(0, 10),
    withinADay: async <Result>(work: () => Promise<Result>): Promise<Result> => {
      while (isNight) await pause(20);
      busy += 1;
      try {
        return await work();
      } finally {
        busy -= 1;
      }
    },
    overnight: async <Result>(tomorrow: Promise<Result>): Promise<Result> => {
      waiting += 1;
      try {
        return await tomorrow;
      } finally {
        waiting -= 1;
      }
    },
    /** Until the stories have ended. */
    turn: async (ended: Promise<unknown>) => {
      let over = false;
      void ended.then(() => {
        over = true;
      });
      while (!over) {
        await pause(nightMs);
        if (waiting > 0) await pass();
      }
    },
  };
};

export const serviceUrls = (system: System): readonly (readonly [name: string, url: string])[] =>
  [...system.urls].filter(([name]) => name.includes('/'));

/** Business time of one service, however long it is away. */
export const moveClock = (system: System, url: string, now: string): Promise<void> =>
  eventually(
    async () => {
      const response = await fetch(`${url}/development/clock`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${await system.token('operator.310117')}`, 'content-type': 'application/json' },
        body: JSON.stringify({ now }),
      }).catch(() => undefined);
      await response?.body?.cancel();
      return response?.ok === true;
    },
    `the clock at ${url} is moved to ${now}`,
    patienceMs,
  );
