import { record } from '@tongdui/decider';
import { given, history } from '@tongdui/decider/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Command, invoice, liveFen, type Reason } from './invoice.decider.ts';
import {
  at,
  claimId,
  digest,
  enterprise,
  factsOf,
  fenOf,
  invoiceNumber,
  lab,
  onDay,
  reasonOf,
  stranger,
  today,
  typesOf,
} from './redemption.fixtures.ts';

type Of<Type extends Command['type']> = Omit<Command & { readonly type: Type }, 'type'>;
const stated = {
  digest: digest(1),
  number: invoiceNumber(1),
  totalFen: fenOf(1_000),
  seller: lab,
  buyer: enterprise,
  issuedOn: today,
};
const take = (claim: number, sliceFen: number, more: Partial<Of<'TakeSlice'>> = {}): Command => ({
  type: 'TakeSlice',
  ...stated,
  claimId: claimId(claim),
  attempt: 1,
  sliceFen: fenOf(sliceFen),
  at,
  ...more,
});
const release = (claim: number, attempt = 1): Command => ({ type: 'ReleaseSlice', claimId: claimId(claim), attempt, at });
const lower = (claim: number, sliceFen: number): Command => ({
  type: 'LowerSlice',
  claimId: claimId(claim),
  attempt: 1,
  sliceFen: fenOf(sliceFen),
  at,
});
const red = (amountFen: number, more: Partial<Of<'RedLetter'>> = {}): Command => ({
  type: 'RedLetter',
  digest: digest(1),
  redLetterId: 'red-1',
  amountFen: fenOf(amountFen),
  issuedOn: onDay(1),
  by: 'reviewer',
  at,
  ...more,
});
const after = (...commands: Command[]) => given(invoice, ...history(invoice, commands).facts);

describe('taking a slice', () => {
  test('the first one registers the invoice with its total, seller and buyer', () => {
    expect(typesOf(given(invoice).when(take(1, 600)))).toEqual(['InvoiceRegistered', 'SliceTaken']);
    expect(typesOf(after(take(1, 600)).when(take(2, 400)))).toEqual(['SliceTaken']);
  });
  test('again for the same claim and attempt is already so', () => {
    expect(after(take(1, 600)).when(take(1, 600))).toEqual(record());
  });
  const refusals: [Reason, ReturnType<typeof after>, Command][] = [
    ['slice-was-released', after(take(1, 600), release(1)), take(1, 600)],
    ['slice-was-released', after(release(1)), take(1, 600)],
    ['slice-was-released', after(take(1, 600), red(500)), take(1, 600)],
    ['invoice-differs', after(take(1, 600)), take(2, 1, { totalFen: fenOf(2_000) })],
    ['invoice-differs', after(take(1, 600)), take(2, 1, { seller: stranger })],
    ['invoice-differs', after(take(1, 600)), take(2, 1, { buyer: stranger })],
    ['invoice-differs', after(take(1, 600)), take(2, 1, { issuedOn: onDay(1) })],
    ['invoice-exceeded', given(invoice), take(1, 1_001)],
    ['invoice-exceeded', after(take(1, 600)), take(2, 401)],
    ['invoice-exceeded', after(take(1, 600), red(100)), take(2, 301)],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
  test('what was released makes room for the next attempt', () => {
    expect(typesOf(after(take(1, 600), release(1)).when(take(1, 1_000, { attempt: 2 })))).toEqual(['SliceTaken']);
  });
});

describe('lowering and releasing', () => {
  test('lowers once, and never raises', () => {
    expect(typesOf(after(take(1, 600)).when(lower(1, 400)))).toEqual(['SliceLowered']);
    expect(after(take(1, 600), lower(1, 400)).when(lower(1, 400))).toEqual(record());
    expect(after(take(1, 600)).when(lower(1, 700))).toEqual(record());
    expect(liveFen(after(take(1, 600), lower(1, 400)).state)).toBe(400);
  });
  test('a slice that is gone is not lowered; one that never was is refused slice-unknown', () => {
    expect(after(take(1, 600), release(1)).when(lower(1, 400))).toEqual(record());
    expect(reasonOf(given(invoice).when(lower(1, 400)))).toBe('slice-unknown');
  });
  test('releases once, and leaves a tombstone for a slice that was never taken', () => {
    expect(typesOf(after(take(1, 600)).when(release(1)))).toEqual(['SliceReleased']);
    expect(after(take(1, 600), release(1)).when(release(1))).toEqual(record());
    expect(typesOf(given(invoice).when(release(1)))).toEqual(['SliceReleased']);
    expect(after(release(1)).when(release(1))).toEqual(record());
    expect(after(take(1, 600), red(500)).when(release(1))).toEqual(record());
  });
});

describe('a red letter', () => {
  const three = [take(1, 300), take(2, 300), take(3, 300)];
  test('revokes whole slices, newest first, only until the rest fits', () => {
    expect(factsOf(after(...three).when(red(350)))).toMatchObject([
      { type: 'RedLettered', amountFen: 350, revoked: [{ claimId: claimId(3), attempt: 1, amountFen: 300 }] },
    ]);
    expect(factsOf(after(...three).when(red(401)))).toMatchObject([{ revoked: [{ claimId: claimId(3) }, { claimId: claimId(2) }] }]);
  });
  test('that fits into what nobody took revokes nothing', () => {
    expect(factsOf(after(...three).when(red(100)))).toMatchObject([{ revoked: [] }]);
  });
  test('passes over slices that are gone', () => {
    expect(factsOf(after(...three, release(3)).when(red(500)))).toMatchObject([{ revoked: [{ claimId: claimId(2) }] }]);
  });
  const refusals: [Reason, ReturnType<typeof after>, Command][] = [
    ['invoice-unknown', given(invoice), red(1)],
    ['red-letter-before-invoice', after(...three), red(1, { issuedOn: onDay(-1) })],
    ['red-letter-exceeds-invoice', after(...three), red(1_001)],
    ['red-letter-exceeds-invoice', after(...three, red(600)), red(401, { redLetterId: 'red-2' })],
  ];
  test.each(refusals)('is refused %s', (reason, { when }, command) => expect(reasonOf(when(command))).toBe(reason));
});

const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 2 }))
      .map(([claim, sliceFen, attempt]) => take(claim, sliceFen, { attempt })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 500 })).map(([claim, to]) => lower(claim, to)),
  },
  { weight: 2, arbitrary: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 2 })).map(([claim, n]) => release(claim, n)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 600 }).map((amount) => red(amount, { redLetterId: `red-${amount}` })) },
);

describe('under any order of commands', () => {
  test('live slices never exceed the total less the red letters', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 40 }), (commands) => {
        let { state } = given(invoice);
        for (const command of commands) {
          const decision = invoice.decide(command, state);
          if (decision.accepted) state = decision.facts.reduce(invoice.evolve, state);
          expect(liveFen(state) + state.redFen).toBeLessThanOrEqual(state.invoice?.totalFen ?? 0);
        }
      }),
    );
  });
  test('what a process sends twice changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 40 }), (commands) => {
        const once = commands.filter(({ type }) => type !== 'RedLetter');
        expect(
          history(
            invoice,
            once.flatMap((command) => [command, command]),
          ).facts,
        ).toEqual(history(invoice, once).facts);
      }),
    );
  });
  test('a red letter revokes no more slices than it must', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 30 }), fc.integer({ min: 1, max: 900 }), (commands, amount) => {
        const { state, when } = after(...commands);
        const decision = when(red(amount, { redLetterId: 'last' }));
        const [fact] = decision.accepted ? decision.facts : [];
        if (fact?.type !== 'RedLettered' || fact.revoked.length === 0 || !state.invoice) return;
        const limit = state.invoice.totalFen - state.redFen - amount;
        const kept = liveFen(state) - fact.revoked.reduce((sum, slice) => sum + slice.amountFen, 0);
        expect(kept).toBeLessThanOrEqual(limit);
        expect(kept + fact.revoked.at(-1)!.amountFen).toBeGreaterThan(limit);
      }),
    );
  });
});
