import type { Home } from '@tongdui/contracts';
import { corrupt } from '@tongdui/decider';
import { type Command as Asked, type HandleOptions, type Handler, handle, type Ran } from '@tongdui/decider/handle';
import type { EventStore } from '@tongdui/event-store';
import { type Command, type Fact, journal, monthOfEvent, openingAfter, type Reason, type State } from './journal.decider.ts';
import { months } from './months.decider.ts';

export type PostEvent = Extract<Command, { type: 'PostEvent' }>;
type Posting = Asked<PostEvent>;
type Answer = Ran<State, Fact, Reason>;
export type JournalHandler = Handler<PostEvent, State, Fact, Reason>;

/** What effects are addressed to: the month of a home's journal that is open, which only the store knows. */
export const openJournalOf = (home: Home): string => `ledger.${home}.journal-open`;

/**
 * Posts events to the month of a home's journal that is open, and opens the next month when an event of a later one comes.
 *
 * Nothing is posted twice or lost across the change, wherever a process dies and however many of them try:
 * 1. `MonthBegun` is recorded, by the revision check once for each month. From here on nobody aims at the old month.
 * 2. `JournalClosed` ends the old month's stream. Whoever still posts there loses the revision check and finds it closed.
 * 3. `JournalOpened` starts the new stream with the closed month's balances and cursors: they are final, so it says the same
 *    whoever writes it, and the stream takes nothing before it.
 * Dying after 1 or 2 leaves a month that is begun and not opened; the next event finishes it. An event that was posted before the change
 * and comes again after it is told by the cursor that was carried over.
 *
 * An event that fails must not be overtaken by a later one of its producer: the cursor would then take it for posted. So each home has one
 * queue, and a failure fails everything that waits behind it; all of it comes again.
 */
export const journalHandler = (store: EventStore, options: HandleOptions): JournalHandler => {
  const journals = handle(store, journal, options);
  const calendar = handle(store, months, options);
  const queues = new Map<string, Queue>();
  /** Month that was found open last; only a hint, the stream itself refuses when it is not. */
  const found = new Map<string, string>();

  /** The month that is open now, opened here where it must be; not earlier than the wanted one. */
  const openMonth = async (home: string, wanted: Posting): Promise<string> => {
    const known = found.get(home);
    const month = monthOfEvent(wanted.command.event);
    if (known !== undefined && month <= known) return known;
    const at = wanted.command.event.time;
    let begun = (await calendar.current(monthsOf(home))).state.months;
    if (month > (begun.at(-1) ?? '')) {
      const ran = await calendar.run(monthsOf(home), { command: { type: 'BeginMonth', month, at }, id: `${monthsOf(home)}/${month}` });
      begun = accepted(ran).state.months;
    }
    const current = await openThrough(home, begun, begun.length - 1, at);
    found.set(home, current);
    return current;
  };

  /** A month opens with what the one before it ended with, which may itself still have to be opened. */
  const openThrough = async (home: string, begun: readonly string[], index: number, at: Fact['at']): Promise<string> => {
    const month = begun[index] ?? corrupt(`month ${index} of ${home} was not begun`);
    const stream = journalOf(home, month);
    if ((await journals.current(stream)).state.is !== 'unopened') return month;
    let opening = { balances: [], cursors: [] } as ReturnType<typeof openingAfter>;
    if (index > 0) {
      const before = journalOf(home, await openThrough(home, begun, index - 1, at));
      const closed = accepted(
        await journals.run(before, { command: { type: 'CloseJournal', next: month, at }, id: `${before}/close` }),
      ).state;
      if (closed.is !== 'closed') return corrupt(`${before} is ${closed.is} after it was closed`);
      opening = openingAfter(closed);
    }
    accepted(await journals.run(stream, { command: { type: 'OpenJournal', month, at, ...opening }, id: `${stream}/open` }));
    return month;
  };

  /** Posts what waits at the front and belongs to one month. Answers in order, up to the first that must be tried again or has failed. */
  const round = async (home: string, queue: Queue): Promise<void> => {
    const month = await openMonth(home, queue.waiting[0]!.posting);
    const fits = queue.waiting.findIndex(({ posting }) => monthOfEvent(posting.command.event) > month);
    const group = queue.waiting.slice(0, fits === -1 ? queue.waiting.length : fits);
    const settled = await Promise.allSettled(group.map(({ posting }) => journals.run(journalOf(home, month), posting)));
    for (const result of settled) {
      if (result.status === 'rejected') throw result.reason;
      if (result.value.is === 'refused') {
        if (!isAboutMonth(result.value.reason)) throw new Refused(result.value);
        // Another process has opened a later month meanwhile.
        found.delete(home);
        return;
      }
      queue.waiting.shift()!.answer(result.value);
    }
  };

  const drain = async (home: string, queue: Queue): Promise<void> => {
    while (queue.waiting.length > 0) {
      try {
        await round(home, queue);
      } catch (error) {
        found.delete(home);
        const [first, ...behind] = queue.waiting.splice(0);
        if (error instanceof Refused) first?.answer(error.answer);
        else first?.fail(error);
        for (const { answer } of behind) answer({ is: 'refused', reason: 'contended', state: journal.initial });
      }
    }
    queues.delete(home);
  };

  const openState = async (home: string) => {
    const begun = (await calendar.current(monthsOf(home))).state.months;
    return journals.current(journalOf(home, begun.at(-1) ?? 'open'));
  };

  return {
    run: (stream, posting) =>
      new Promise<Answer>((answer, fail) => {
        const home = homeOfStream(stream);
        const queue = queues.get(home) ?? { waiting: [] };
        queue.waiting.push({ posting, answer, fail });
        if (queues.has(home)) return;
        queues.set(home, queue);
        // Whatever arrives in this turn of the event loop is posted together.
        queueMicrotask(() => void drain(home, queue));
      }),
    current: (stream) => openState(homeOfStream(stream)),
    until: async (stream, holds, timeoutMs) => {
      const { state } = await openState(homeOfStream(stream));
      return journals.until(state.is === 'unopened' ? stream : journalOf(homeOfStream(stream), state.month), holds, timeoutMs);
    },
  };
};

type Queue = {
  readonly waiting: { readonly posting: Posting; readonly answer: (answer: Answer) => void; readonly fail: (error: unknown) => void }[];
};

/** The store could not take it; nothing is known against the event. */
class Refused extends Error {
  readonly answer: Extract<Answer, { is: 'refused' }>;
  constructor(answer: { readonly reason: Extract<Answer, { is: 'refused' }>['reason'] }) {
    super(answer.reason);
    this.answer = { is: 'refused', reason: answer.reason, state: journal.initial };
  }
}

const accepted = <State, Fact>(ran: Ran<State, Fact, Reason>): Extract<Ran<State, Fact, Reason>, { is: 'accepted' }> => {
  if (ran.is === 'refused') throw new Refused(ran);
  return ran;
};

const isAboutMonth = (reason: string): boolean =>
  reason === 'journal-closed' || reason === 'journal-not-open' || reason === 'month-not-begun';
const monthsOf = (home: string): string => `ledger.${home}.months-journal`;
const journalOf = (home: string, month: string): string => `ledger.${home}.journal-${month}`;
const homeOfStream = (stream: string): string => stream.split('.')[1] ?? corrupt(`the stream ${stream} names no home`);
