import type { Home } from '@tongdui/contracts';
import type { Request } from '@tongdui/decider/operation';
import type { StoredFact } from '@tongdui/event-store';
import { nextCalls } from './actors.ts';
import { Auditor } from './auditor.ts';
import type { Call } from './calls.ts';
import { inCorridorOf } from './corridor.ts';
import { Coverage } from './coverage.ts';
import { nextFault } from './faults.ts';
import { withoutChanceAndTime } from './globals.ts';
import { Notebook } from './notebook.ts';
import type { Plant } from './plants.ts';
import type { Reply } from './process.ts';
import { type Random, randomOf } from './random.ts';
import { settle } from './settle.ts';
import { type Town, town } from './town.ts';
import { Digest, type Shape, shapes, type Weather, World } from './world.ts';

/** One history: a town is prepared, people act while things go wrong, then all is calm and everything has to come to its end. */

export type HistoryOptions = {
  readonly seed: number;
  /** How many calls people make, beside the preparation and what officers finish at the end. */
  readonly commands: number;
  /** Of the commands by their number: those that are left out. */
  readonly without?: ReadonlySet<number>;
  readonly plant?: Plant;
  readonly onFact?: (fact: StoredFact) => void;
  readonly onCommand?: (number: number, call: Call, reply: Reply) => void;
};

export type Failure = { readonly violation: string; readonly step: number /** Commands made until then. */; readonly commands: number };
export type History = {
  readonly seed: number;
  readonly shape: Shape;
  readonly digest: string;
  readonly facts: number;
  readonly steps: number;
  readonly commands: number;
  readonly answers: Readonly<Record<string, number>>;
  /** The milestones that this history came to. */
  readonly reached: readonly string[];
  readonly failure: Failure | undefined;
};

class Violation extends Error {
  override name = 'Violation';
}

export const simulate = async (options: HistoryOptions): Promise<History> => {
  const undo = options.plant?.rules?.();
  try {
    const cast = town(randomOf(`${options.seed}/town`));
    const run = () => withoutChanceAndTime(() => new Play(options, cast).run());
    return options.seed % 4 === 0 ? await run() : await inCorridorOf(cast.cities, run);
  } finally {
    undo?.();
  }
};

export class Play {
  readonly options: HistoryOptions;
  readonly world: World;
  readonly book: Notebook;
  readonly auditor: Auditor;
  readonly #digest = new Digest();
  readonly #coverage = new Coverage();
  readonly #shape: Shape;
  readonly #people: Random;
  readonly #answers: Record<string, number> = {};
  #failure: Failure | undefined;
  #made = 0;
  underWay = 0;

  constructor(options: HistoryOptions, cast: Town) {
    this.options = options;
    const seed = String(options.seed);
    const random = randomOf(`${seed}/shape`);
    this.#people = randomOf(`${seed}/people`);
    this.#shape = random.weighted([
      [5, shapes[0]],
      [3, shapes[1]],
      [3, shapes[2]],
    ] as const);
    const weather = random.weighted([
      [1, 0],
      [5, 1],
      [3, 2],
    ] as const) as Weather;
    this.auditor = new Auditor((violation) => this.fail(violation));
    this.world = new World({
      seed,
      shape: this.#shape,
      weather,
      ...(options.plant ? { plant: options.plant } : {}),
      onFact: (fact, disk) => {
        this.#digest.add(fact, disk);
        this.#coverage.fact(fact);
        options.onFact?.(fact);
        this.auditor.recorded(fact.metadata.request as { key: string; hash: string } | undefined);
      },
      onEvent: (event) => {
        this.#coverage.event(event);
        this.auditor.published(event);
      },
    });
    this.book = new Notebook(this.world, cast, options.seed);
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  fail(violation: string): void {
    this.#failure ??= { violation, step: this.world.scheduler.steps, commands: this.#made };
  }

  async run(): Promise<History> {
    try {
      await this.#prepare();
      await this.#act();
      await settle(this);
    } catch (error) {
      if (!(error instanceof Violation)) this.fail(`the simulation itself failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
    for (const process of this.world.processes) process.kill('kept');
    for (const process of this.world.processes) process.rows.close();
    const { steps } = this.world.scheduler;
    const { seed } = this.options;
    return {
      seed,
      shape: this.#shape,
      digest: this.#digest.toString(),
      facts: this.#digest.facts,
      steps,
      commands: this.#made,
      answers: this.#answers,
      reached: this.#coverage.reached(),
      failure: this.#failure,
    };
  }

  /** Ends the run at the first violation: what follows from it says nothing more. */
  async pass(milliseconds: number): Promise<void> {
    await this.world.scheduler.pass(milliseconds);
    if (this.failed) throw new Violation();
  }

  async #prepare(): Promise<void> {
    this.world.start();
    await this.pass(300);
    for (const step of this.book.town.preparation) {
      for (const call of step) this.make(call);
      await this.pass(400);
    }
    await this.pass(2_000);
  }

  async #act(): Promise<void> {
    const { seed, commands, without } = this.options;
    this.world.trouble();
    const faults = randomOf(`${seed}/faults`);
    const isStormy = this.world.isStormy();
    for (let idea = 0; this.#made < commands && idea < 10 * commands; idea += 1) {
      const calls = nextCalls(this.book, randomOf(`${seed}/idea/${idea}`));
      if (calls.length === 0) continue;
      for (const call of calls) {
        if (!without?.has(this.#made)) this.make(call, this.#made);
        this.#made += 1;
      }
      if (isStormy && faults.chance(0.18)) nextFault(this.world, faults);
      if (this.#people.chance(0.12))
        this.world.moveClock(
          this.#people.weighted([
            [4, 11],
            [4, 60 * 8],
            [4, 1_440],
            [2, 3 * 1_440],
            [1, 20 * 1_440],
          ] as const),
        );
      await this.pass(this.#people.chance(0.1) ? this.#people.below(4_000) : this.#people.below(350));
    }
  }

  /** Somebody asks; the answer is heard whenever it comes. */
  make(call: Call, number = -1) {
    const { world, book } = this;
    const serving = world.serving(call.service, call.home as Home).filter((process) => process.isReady());
    if (number >= 0) book.calls.push(call);
    const process = serving[this.#people.below(Math.max(1, serving.length))];
    if (!process) return this.#heard(number, call, { is: 'no-answer' });
    const body = JSON.stringify(call.body);
    const key = `PUT ${call.path}`;
    const request: Request = { actor: call.actor, key, hash: body, id: `${key} ${body}`, at: process.now() };
    this.underWay += 1;
    const asked = this.auditor.asked(call, request);
    void process.call(call.operation, request, { ...call.body, ...call.ids }).then((reply) => {
      this.underWay -= 1;
      if (reply.is === 'done' || reply.is === 'pending') book.acknowledged(call);
      if (reply.is === 'refused') book.refused(call, reply.reason);
      this.auditor.answered(asked, reply);
      this.#heard(number, call, reply);
    });
  }

  #heard(number: number, call: Call, reply: Reply): void {
    const key = reply.is === 'refused' ? `refused ${reply.reason}` : reply.is;
    this.#answers[key] = (this.#answers[key] ?? 0) + 1;
    if (reply.is === 'failed' && !isStoreAway(reply.error))
      this.fail(`${call.operation} ${call.path} threw ${reply.error instanceof Error ? reply.error.stack : String(reply.error)}`);
    this.options.onCommand?.(number, call, reply);
  }
}

const isStoreAway = (error: unknown): boolean => error instanceof Error && error.name === 'StoreUnavailable';
