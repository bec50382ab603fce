import type { Decider, Decision } from '@tongdui/decider';
import { unreachable } from '@tongdui/decider';
import type { Fact } from './pair.facts.ts';
import { decideObligation, type ObligationCommand, type ObligationReason } from './pair.obligations.ts';
import { decidePrefund, type PrefundCommand, type PrefundReason } from './pair.prefund.ts';
import { decideSegment, type SegmentCommand, type SegmentReason } from './pair.segments.ts';
import { evolve, initial, type State } from './pair.state.ts';

/** One ordered pair of parties: prefund, draws, obligations and what of them goes into which cycle, decided on one stream. */
export type Command = PrefundCommand | ObligationCommand | SegmentCommand;
/** In order of precedence; a command answers reasons of its own kind only. */
export type Reason = SegmentReason | ObligationReason | PrefundReason;
export type { Fact, State };

const decide = (command: Command, state: State): Decision<Fact, Reason> => {
  switch (command.type) {
    case 'DepositPrefund':
    case 'WithdrawPrefund':
    case 'DrawPrefund':
    case 'ReleaseDraw':
    case 'GrantQueued':
      return decidePrefund(command, state);
    case 'AccrueObligation':
    case 'NoteReversal':
    case 'DisputeObligation':
    case 'EscalateDispute':
    case 'RuleDispute':
    case 'ConcludeRuling':
    case 'SettleVertically':
    case 'MarkObligations':
      return decideObligation(command, state);
    case 'SealSegment':
    case 'DeclareSegment':
    case 'ConfirmSegment':
    case 'NoteSilence':
    case 'DisputeUnanswered':
    case 'NetSegment':
    case 'SettleSegment':
      return decideSegment(command, state);
    default:
      return unreachable(command);
  }
};

export const pair: Decider<Command, State, Fact, Reason> = { initial, decide, evolve };
