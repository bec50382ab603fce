import { addDays, addWorkingDays, dateOf, endOf, firstDayOf, nextMonth, startOf } from '@tongdui/calendar';
import type { CycleMonth, CycleTerms, Fen, GrossEntry, Instant, LocalDate, Member, NetPosition, Transfer } from '@tongdui/contracts';
import { alreadySo, corrupt, type Decider, type Decision, record, refuse, unreachable } from '@tongdui/decider';
import { fen } from '@tongdui/money';
import { netted } from './netting.ts';

/** One month of settlement between the members: called, netted, transferred, reconciled. */
export type Command =
  | {
      readonly type: 'OpenCycle';
      readonly cycle: CycleMonth;
      readonly terms: CycleTerms;
      readonly members: readonly Member[];
      readonly at: Instant;
    }
  /** The timer at the month's end. */
  | { readonly type: 'CallCycle'; readonly at: Instant }
  | { readonly type: 'NotePairSealed'; readonly debtor: Member; readonly creditor: Member; readonly totalFen: Fen; readonly at: Instant }
  | { readonly type: 'NotePairConfirmed'; readonly debtor: Member; readonly creditor: Member; readonly totalFen: Fen; readonly at: Instant }
  | { readonly type: 'NetCycle'; readonly at: Instant }
  | { readonly type: 'NoticeCycle'; readonly at: Instant }
  | { readonly type: 'SendTransfer'; readonly transferId: string; readonly at: Instant }
  | { readonly type: 'ReceiveTransfer'; readonly transferId: string; readonly at: Instant }
  | { readonly type: 'ReconcileCycle'; readonly at: Instant };

type PairTotal = { readonly debtor: Member; readonly creditor: Member; readonly totalFen: Fen; readonly at: Instant };
type TransferStep = Transfer & { readonly cycle: CycleMonth; readonly at: Instant };

export type Fact =
  | {
      readonly type: 'CycleOpened';
      readonly cycle: CycleMonth;
      readonly terms: CycleTerms;
      /** Whose pairs the cycle waits for, as the corridor was when it opened. */
      readonly members: readonly Member[];
      readonly callAt: Instant;
      readonly at: Instant;
    }
  | {
      readonly type: 'CycleCalled';
      readonly cycle: CycleMonth;
      readonly terms: CycleTerms;
      readonly declareBy: LocalDate;
      readonly confirmBy: LocalDate;
      readonly at: Instant;
    }
  | ({ readonly type: 'PairSealed' } & PairTotal)
  | ({ readonly type: 'PairConfirmed' } & PairTotal)
  | {
      readonly type: 'CycleNetted';
      readonly cycle: CycleMonth;
      readonly gross: readonly GrossEntry[];
      readonly nets: readonly NetPosition[];
      readonly transfers: readonly Transfer[];
      readonly settledDebtors: readonly Member[];
      readonly transferBy: LocalDate;
      readonly at: Instant;
    }
  | { readonly type: 'CycleNoticed'; readonly at: Instant }
  | ({ readonly type: 'TransferSent' } & TransferStep)
  /** `settledDebtors`: the payer, when this was its last outgoing transfer. */
  | ({ readonly type: 'TransferReceived'; readonly settledDebtors: readonly Member[] } & TransferStep)
  | { readonly type: 'CycleReconciled'; readonly cycle: CycleMonth; readonly at: Instant };

/** In order of precedence. */
export type Reason =
  | 'cycle-unknown'
  /** Opened before, with other terms. */
  | 'cycle-already-open'
  | 'month-not-over'
  | 'cycle-not-called'
  /** Pairs are still to confirm and the deadline has not passed. */
  | 'pairs-outstanding'
  | 'cycle-not-netted'
  | 'cycle-not-noticed'
  | 'transfer-unknown'
  | 'transfer-not-sent'
  | 'transfers-outstanding';

type Opened = { readonly cycle: CycleMonth; readonly terms: CycleTerms; readonly members: readonly Member[]; readonly callAt: Instant };
type TransferState = Transfer & { readonly is: 'due' | 'sent' | 'received' };

export type State =
  | { readonly is: 'unknown' }
  | ({ readonly is: 'open' } & Opened)
  | ({
      readonly is: 'called';
      readonly declareBy: LocalDate;
      readonly confirmBy: LocalDate;
      readonly sealed: Readonly<Record<string, Fen>>;
      readonly confirmed: Readonly<Record<string, GrossAmount>>;
    } & Opened)
  | ({ readonly is: 'netted' | 'noticed' | 'reconciled'; readonly transfers: readonly TransferState[] } & Opened);

type GrossAmount = { readonly debtor: Member; readonly creditor: Member; readonly totalFen: Fen };

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  if (command.type === 'OpenCycle') return open(command, state);
  if (state.is === 'unknown') return refuse('cycle-unknown');
  const { at } = command;
  switch (command.type) {
    case 'CallCycle':
      if (state.is !== 'open') return alreadySo;
      return at < state.callAt
        ? refuse('month-not-over')
        : record<Fact>({ type: 'CycleCalled', cycle: state.cycle, terms: state.terms, ...deadlines(state, at), at });
    case 'NotePairSealed':
    case 'NotePairConfirmed':
      return note(command, state);
    case 'NetCycle':
      return net(state, at);
    case 'NoticeCycle':
      if (state.is === 'open' || state.is === 'called') return refuse('cycle-not-netted');
      return state.is === 'netted' ? record<Fact>({ type: 'CycleNoticed', at }) : alreadySo;
    case 'SendTransfer':
    case 'ReceiveTransfer':
      return transfer(command, state);
    case 'ReconcileCycle':
      if (state.is === 'open' || state.is === 'called') return refuse('cycle-not-netted');
      if (state.is === 'reconciled') return alreadySo;
      if (state.transfers.some(({ is }) => is !== 'received')) return refuse('transfers-outstanding');
      return record<Fact>({ type: 'CycleReconciled', cycle: state.cycle, at });
    default:
      return unreachable(command);
  }
};

const open = (command: Extract<Command, { type: 'OpenCycle' }>, state: State): Decision<Fact, Reason> => {
  const { cycle, terms, members, at } = command;
  if (state.is === 'unknown')
    return record<Fact>({ type: 'CycleOpened', cycle, terms, members, callAt: startOf(firstDayOf(nextMonth(cycle))), at });
  return sameTerms(terms, state.terms) ? alreadySo : refuse('cycle-already-open');
};

const sameTerms = (a: CycleTerms, b: CycleTerms): boolean =>
  a.declarationDayOfMonth === b.declarationDayOfMonth &&
  a.confirmationWorkingDays === b.confirmationWorkingDays &&
  a.transferWorkingDays === b.transferWorkingDays &&
  a.disputeDays === b.disputeDays;

/** Counted from the day of the call, so that a cycle called late leaves the treasuries their time. */
const deadlines = ({ terms }: Opened, at: Instant): { declareBy: LocalDate; confirmBy: LocalDate } => {
  const calledOn = dateOf(at);
  const day = String(terms.declarationDayOfMonth).padStart(2, '0');
  const inMonth = (date: string) => `${date.slice(0, 8)}${day}` as LocalDate;
  const declareBy = inMonth(calledOn) >= calledOn ? inMonth(calledOn) : inMonth(addDays(`${calledOn.slice(0, 8)}28` as LocalDate, 4));
  return { declareBy, confirmBy: addWorkingDays(declareBy, terms.confirmationWorkingDays) };
};

/** What comes after the netting is not part of it: the pair learns that it was left out. */
const note = (
  command: Extract<Command, { type: `NotePair${string}` }>,
  state: Exclude<State, { is: 'unknown' }>,
): Decision<Fact, Reason> => {
  if (state.is !== 'called') return alreadySo;
  const { debtor, creditor, totalFen, at } = command;
  const pair = `${debtor}-${creditor}`;
  if (command.type === 'NotePairSealed') {
    return state.sealed[pair] === undefined ? record<Fact>({ type: 'PairSealed', debtor, creditor, totalFen, at }) : alreadySo;
  }
  return state.confirmed[pair] === undefined ? record<Fact>({ type: 'PairConfirmed', debtor, creditor, totalFen, at }) : alreadySo;
};

const net = (state: Exclude<State, { is: 'unknown' }>, at: Instant): Decision<Fact, Reason> => {
  if (state.is === 'open') return refuse('cycle-not-called');
  if (state.is !== 'called') return alreadySo;
  const { cycle, members, confirmBy, terms } = state;
  const confirmed = Object.values(state.confirmed);
  if (confirmed.length < members.length * (members.length - 1) && at < endOf(confirmBy)) return refuse('pairs-outstanding');
  const gross = confirmed.flatMap(({ debtor, creditor, totalFen }) => (totalFen > 0 ? [{ debtor, creditor, amountFen: totalFen }] : []));
  const transferBy = addWorkingDays(dateOf(at), terms.transferWorkingDays);
  const result: Fact = { type: 'CycleNetted', cycle, ...netted(cycle, members, gross), transferBy, at };
  return gross.length === 0 ? record<Fact>(result, { type: 'CycleReconciled', cycle, at }) : record<Fact>(result);
};

const transfer = (
  command: Extract<Command, { type: `${string}Transfer` }>,
  state: Exclude<State, { is: 'unknown' }>,
): Decision<Fact, Reason> => {
  if (state.is === 'open' || state.is === 'called') return refuse('cycle-not-netted');
  if (state.is === 'netted') return refuse('cycle-not-noticed');
  const known = state.transfers.find(({ transferId }) => transferId === command.transferId);
  if (!known) return refuse('transfer-unknown');
  const { is, ...about } = known;
  const step = { ...about, cycle: state.cycle, at: command.at };
  if (command.type === 'SendTransfer') return is === 'due' ? record<Fact>({ type: 'TransferSent', ...step }) : alreadySo;
  if (is === 'due') return refuse('transfer-not-sent');
  if (is === 'received') return alreadySo;
  const others = state.transfers.filter((other) => other.payer === known.payer && other.transferId !== known.transferId);
  const settledDebtors = others.every((other) => other.is === 'received') ? [known.payer] : [];
  return record<Fact>({ type: 'TransferReceived', ...step, settledDebtors });
};

const evolve = (state: State, fact: Fact): State => {
  if (fact.type === 'CycleOpened') {
    const { cycle, terms, members, callAt } = fact;
    return { is: 'open', cycle, terms, members, callAt };
  }
  if (state.is === 'unknown') return corrupt(`${fact.type} of a cycle never opened`);
  switch (fact.type) {
    case 'CycleCalled':
      return { ...opened(state), is: 'called', declareBy: fact.declareBy, confirmBy: fact.confirmBy, sealed: {}, confirmed: {} };
    case 'PairSealed': {
      if (state.is !== 'called') return corrupt('a pair sealed outside the call');
      const { debtor, creditor, totalFen } = fact;
      const pair = `${debtor}-${creditor}`;
      const sealed = { ...state.sealed, [pair]: totalFen };
      // A segment of nothing is confirmed by its marker.
      return totalFen === fen(0)
        ? { ...state, sealed, confirmed: { ...state.confirmed, [pair]: { debtor, creditor, totalFen } } }
        : { ...state, sealed };
    }
    case 'PairConfirmed': {
      if (state.is !== 'called') return corrupt('a pair confirmed outside the call');
      const { debtor, creditor, totalFen } = fact;
      return { ...state, confirmed: { ...state.confirmed, [`${debtor}-${creditor}`]: { debtor, creditor, totalFen } } };
    }
    case 'CycleNetted':
      return { ...opened(state), is: 'netted', transfers: fact.transfers.map((due) => ({ ...due, is: 'due' })) };
    case 'CycleNoticed':
    case 'CycleReconciled': {
      if (state.is === 'open' || state.is === 'called') return corrupt(`${fact.type} before the netting`);
      return { ...state, is: fact.type === 'CycleNoticed' ? 'noticed' : 'reconciled' };
    }
    case 'TransferSent':
    case 'TransferReceived': {
      if (state.is === 'open' || state.is === 'called') return corrupt('a transfer before the netting');
      const is = fact.type === 'TransferSent' ? 'sent' : 'received';
      return { ...state, transfers: state.transfers.map((one) => (one.transferId === fact.transferId ? { ...one, is } : one)) };
    }
    default:
      return unreachable(fact);
  }
};

const opened = ({ cycle, terms, members, callAt }: Opened): Opened => ({ cycle, terms, members, callAt });

export const cycle: Decider<Command, State, Fact, Reason> = { initial: { is: 'unknown' }, decide, evolve };
