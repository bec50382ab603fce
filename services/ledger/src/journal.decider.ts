import { dateOf, firstDayOf, monthOf } from '@tongdui/calendar';
import type { Instant, LocalDate } from '@tongdui/contracts';
import { alreadySo, corrupt, type Decider, type Decision, PersistentMap, record, refuse, unreachable } from '@tongdui/decider';
import type { Entry } from './posting.ts';

/** One month of the journal of every book that one home keeps: `ledger.<home>.journal-<yyyymm>`. One fact is one entry. */

export type Command =
  /** The first fact of a month carries over what the month before ended with. */
  | ({ readonly type: 'OpenJournal'; readonly month: string; readonly at: Instant } & Opening)
  /** Everything that one event means for the books of this home; posted together or not at all. */
  | { readonly type: 'PostEvent'; readonly event: EventSeen; readonly entries: readonly Entry[] }
  /** Nothing more is ever posted to this month. */
  | { readonly type: 'CloseJournal'; readonly next: string; readonly at: Instant };

export type EventSeen = {
  readonly id: string;
  readonly type: string;
  /** `/redemption/310117`: who counts the sequence. */
  readonly source: string;
  readonly sequence: number;
  /** Business time of the event; the posting date follows from it and never goes backwards. */
  readonly time: Instant;
};

/** Debit positive. Pot accounts and expenditure are kept per pot; a balance of zero is left out. */
type Balance = { readonly book: string; readonly account: string; readonly pot?: string; readonly balanceFen: number };
/** The last event posted of each producer. */
type Cursor = { readonly source: string; readonly sequence: number };
export type Opening = { readonly balances: readonly Balance[]; readonly cursors: readonly Cursor[] };

export type Fact =
  | ({ readonly type: 'JournalOpened'; readonly month: string; readonly at: Instant } & Opening)
  | ({
      readonly type: 'EntryPosted';
      /** `<event id>.<book>.<place among the entries of this event>` */
      readonly entryId: string;
      readonly event: EventSeen;
      readonly postedOn: LocalDate;
      readonly at: Instant;
    } & Entry)
  | { readonly type: 'JournalClosed'; readonly next: string; readonly entries: number; readonly at: Instant };

/** In order of precedence. None of them is about the event: it is posted to another month. */
export type Reason = 'journal-not-open' | 'journal-closed' | 'month-not-begun';

type Kept = {
  readonly month: string;
  readonly balances: PersistentMap<string, Balance>;
  readonly cursors: PersistentMap<string, number>;
  readonly lastPostedOn: LocalDate;
  readonly entries: number;
};
export type State =
  | { readonly is: 'unopened' }
  | ({ readonly is: 'open' } & Kept)
  | ({ readonly is: 'closed'; readonly next: string } & Kept);

/** Month in which an event is to be posted, unless a later one has begun. */
export const monthOfEvent = (event: Pick<EventSeen, 'time'>): string => monthOf(dateOf(event.time));

/** What the next month opens with, in a fixed order. */
export const openingAfter = (state: Kept): Opening => ({
  balances: sorted(state.balances).map(([, balance]) => balance),
  cursors: sorted(state.cursors).map(([source, sequence]) => ({ source, sequence })),
});

const sorted = <Value>(map: PersistentMap<string, Value>): [string, Value][] => [...map.entries()].sort(([a], [b]) => (a < b ? -1 : 1));

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  switch (command.type) {
    case 'OpenJournal':
      return state.is === 'unopened' ? record<Fact>({ ...command, type: 'JournalOpened' }) : alreadySo;
    case 'PostEvent':
      return post(command, state);
    case 'CloseJournal':
      if (state.is === 'unopened') return refuse('journal-not-open');
      return state.is === 'closed'
        ? alreadySo
        : record<Fact>({ type: 'JournalClosed', next: command.next, entries: state.entries, at: command.at });
    default:
      return unreachable(command);
  }
};

/**
 * A producer's events arrive in its order, so its last posted sequence tells every event that comes again; a closed month still tells
 * them, before anything else is looked at. Negative balances are never refused: producers are unordered among themselves.
 */
const post = ({ event, entries }: Extract<Command, { type: 'PostEvent' }>, state: State): Decision<Fact, Reason> => {
  if (state.is === 'unopened') return refuse('journal-not-open');
  if (event.sequence <= (state.cursors.get(event.source) ?? 0)) return alreadySo;
  if (state.is === 'closed') return refuse('journal-closed');
  if (monthOfEvent(event) > state.month) return refuse('month-not-begun');
  for (const entry of entries) refuseUnbalanced(entry, event);
  const postedOn = notBefore(state.lastPostedOn, dateOf(event.time));
  return record(
    ...entries.map(
      (entry, index): Fact => ({
        type: 'EntryPosted',
        entryId: `${event.id}.${entry.book}.${index}`,
        event,
        ...entry,
        postedOn,
        at: event.time,
      }),
    ),
  );
};

const notBefore = (last: LocalDate, date: LocalDate): LocalDate => {
  if (date < last) return last;
  return date;
};

/** Not a refusal, because only a bug can make an entry that does not balance: the event's line stops until it is mended. */
const refuseUnbalanced = (entry: Entry, event: EventSeen): void => {
  let sum = 0;
  for (const { side, amountFen } of entry.lines) {
    if (!Number.isSafeInteger(amountFen) || amountFen <= 0) throw new Error(`${event.type} ${event.id} posts ${amountFen} fen`);
    sum += side === 'debit' ? amountFen : -amountFen;
  }
  if (sum !== 0) throw new Error(`${event.type} ${event.id} does not balance in the book of ${entry.book}: ${sum} fen`);
};

const evolve = (state: State, fact: Fact): State => {
  if (fact.type === 'JournalOpened') return opened(fact);
  if (state.is !== 'open') return corrupt(`${fact.type} in a journal that is ${state.is}`);
  switch (fact.type) {
    case 'EntryPosted':
      return {
        ...state,
        balances: fact.lines.reduce((balances, line) => {
          const amountFen = line.side === 'debit' ? line.amountFen : -line.amountFen;
          return added(balances, {
            book: fact.book,
            account: line.account,
            ...potOf(line.account, fact.dimensions.pot),
            balanceFen: amountFen,
          });
        }, state.balances),
        cursors: state.cursors.set(fact.event.source, fact.event.sequence),
        lastPostedOn: fact.postedOn,
        entries: state.entries + 1,
      };
    case 'JournalClosed':
      return { ...state, is: 'closed', next: fact.next };
    default:
      return unreachable(fact);
  }
};

const opened = (fact: Extract<Fact, { type: 'JournalOpened' }>): State => ({
  is: 'open',
  month: fact.month,
  balances: fact.balances.reduce(added, PersistentMap<string, Balance>()),
  cursors: PersistentMap(fact.cursors.map(({ source, sequence }) => [source, sequence])),
  lastPostedOn: firstDayOf(fact.month),
  entries: 0,
});

const added = (balances: PersistentMap<string, Balance>, change: Balance): PersistentMap<string, Balance> => {
  const key = `${change.book} ${change.account} ${change.pot ?? ''}`;
  const balanceFen = (balances.get(key)?.balanceFen ?? 0) + change.balanceFen;
  return balanceFen === 0 ? balances.delete(key) : balances.set(key, { ...change, balanceFen });
};

const potOf = (account: string, pot: string | undefined): { pot?: string } =>
  pot !== undefined && (account.startsWith('pot:') || account === 'expenditure') ? { pot } : {};

export const journal: Decider<Command, State, Fact, Reason> = { initial: { is: 'unopened' }, decide, evolve };
