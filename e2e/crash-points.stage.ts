import type { Instant, ServiceName } from '@tongdui/contracts';
import type { System } from '@tongdui/development/system';
import { expect } from 'vitest';
import { openMarket, type Place } from './market.ts';
import { type Enterprise, eventually, type Placed, type Story } from './story.ts';

/** Stories that have come as far as the step in question, one for each step, so that the step itself is all that happens. */
export type CrashStage = {
  readonly steps: Readonly<Record<Step, () => Promise<void>>>;
  /** Takes the stories that are not over to their end. */
  complete(): Promise<void>;
  assertCompleted(): Promise<void>;
};
type Step =
  | 'an application is approved and the voucher issued'
  | 'another application is approved and the voucher issued'
  | 'an issue is refused and its parts are released'
  | 'a contract is registered'
  | 'another contract is registered'
  | 'a contract is refused and its hold released'
  | 'another contract is refused and its hold released'
  | 'a contract is amended downward'
  | 'a delivery is accepted and redeemed'
  | 'a claim is submitted and takes its invoice slice'
  | 'a claim is rejected and its amount restored'
  | 'a payable claim is rejected and its payment cancelled'
  | 'a payment draws on the prefund and goes to the bank'
  | 'another payment draws on the prefund and goes to the bank'
  | 'a voucher is revoked and its pots get the rest back'
  | 'a lab is registered'
  | 'the month ends and the cycle is called';

const baseFen = 200_003;
const subsidyFen = 100_001;
const faceFen = 100_008;
const capFen = 20_000_000;
const tomorrow = '2026-03-03T01:00:00.000Z' as Instant;
const nextMonth = '2026-04-01T01:00:00.000Z' as Instant;
