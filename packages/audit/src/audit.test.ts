import type { CycleMonth, Fen, InvariantReport, Member, PaymentId, PaymentReference } from '@tongdui/contracts';
import { describe, expect, test } from 'vitest';
import { audit, type Evidence, type InvariantNumber, invariantNumbers } from './index.ts';

const home = '330400' as Member;
const host = '310117' as Member;
const pot = '330400-pot-01J00000000000000000000000';
const payment = '310117-payment-01J00000000000000000000001-1' as PaymentId;
const reference = `${payment}-1` as PaymentReference;

/** One voucher of 1 000, of which 100 are spent and paid by the host, 50 not yet payable; the host is still owed its 100. */
const sound = (): Evidence => ({
  invariants: [
    {
      service: 'redemption',
      invariants: Object.fromEntries(invariantNumbers.map((number) => [number, { held: true, checked: 1, violations: [] }])),
    } satisfies InvariantReport,
  ],
  figures: {
    issuance: [{ pots: { [pot]: { owner: home, appropriatedFen: 5_000, grantedFen: 1_000 } } }],
    redemption: [
      {
        pots: {
          [pot]: { availableFen: 650, reservedFen: 200, redeemedFen: 150, awaitingFen: 50, spentFen: 100, recoveredFen: 0 },
        },
        payableFen: { [home]: 0 },
        claims: { paid: 1, submitted: 1 },
        refused: {},
      },
    ],
    clearing: [
      {
        pairs: {
          [`${home}-${host}`]: { unnettedFen: 100, unsettledFen: 100, prefundFen: 500, drawnFen: 100, inFlightFen: 0, queued: 0 },
        },
      },
    ],
    ledger: [
      {
        books: {
          [home]: {
            'pot:appropriated': -5_000,
            'pot:available': 4_000,
            'pot:committed': 650,
            'pot:reserved': 200,
            'pot:redeemed': 50,
            'pot:spent': 100,
            expenditure: 100,
            'payable:payee': 0,
            [`due-to:${host}`]: -100,
            [`prefund-at:${host}`]: 500,
            cash: -500,
            'clearing:202602': 0,
          },
          [host]: { [`due-from:${home}`]: 100, [`prefund-of:${home}`]: -500, cash: 400 },
        },
        pots: {
          [pot]: {
            'pot:appropriated': -5_000,
            'pot:available': 4_000,
            'pot:committed': 650,
            'pot:reserved': 200,
            'pot:redeemed': 50,
            'pot:spent': 100,
          },
        },
        expenditureFen: { [home]: { '2026': 100 } },
        spentFen: { [home]: { '2026': 100 } },
        entries: 12,
      },
    ],
  },
  skipped: [],
  cycles: [
    {
      id: '202602' as CycleMonth,
      status: 'reconciled',
      nets: [
        { party: home, netFen: -10 },
        { party: host, netFen: 10 },
      ],
    },
  ],
  payments: [{ id: payment, status: 'paid', reference, amountFen: 100 as Fen }],
  returned: [],
  bank: { duplicates: [], paidAgain: [], payments: [{ reference, timesPaid: 1, amountFen: 100 }] },
  commands: { acknowledged: 3, missing: [], replayed: [{ path: '/orders/1', sameBody: 200, otherBody: 409 }] },
  rebuilt: { compared: 5, different: [] },
});

/** Changes a copy of the sound evidence. */
const tampered = (change: (evidence: Mutable<Evidence>) => void): Evidence => {
  const evidence = structuredClone(sound()) as Mutable<Evidence>;
  change(evidence);
  return evidence as Evidence;
};
type Mutable<Value> = Value extends string | number | boolean | undefined
  ? Value
  : Value extends readonly (infer Item)[]
    ? Mutable<Item>[]
    : { -readonly [Key in keyof Value]: Mutable<Value[Key]> };

const broken = (evidence: Evidence): InvariantNumber[] => {
  const findings = audit(evidence);
  return invariantNumbers.filter((number) => !findings[number].held);
};

test('sound evidence holds every invariant', () => {
  expect(broken(sound())).toEqual([]);
});

describe('every service is believed when it reports a violation, and only when it has looked', () => {
  test.each(invariantNumbers)('%s', (number) => {
    const reported = tampered(({ invariants }) => {
      invariants[0]!.invariants[number] = { held: false, checked: 1, violations: ['something'] };
    });
    expect(broken(reported)).toEqual([number]);
  });

  test('a number that nobody reports on is not held', () => {
    const silent = tampered(({ invariants }) => {
      delete invariants[0]!.invariants['5'];
    });
    expect(broken(silent)).toEqual(['5']);
    expect(audit(silent)['5'].violations).toEqual(['nobody has checked this']);
  });

  test('a violation without a description is one', () => {
    const curt = tampered(({ invariants }) => {
      invariants[0]!.invariants['8'] = { held: false, checked: 1, violations: [] };
    });
    expect(broken(curt)).toEqual(['8']);
  });
});

describe('1: the trial balance of every book is zero', () => {
  test('one fen too much in one book', () => {
    expect(
      broken(
        tampered(({ figures }) => {
          figures.ledger[0]!.books[host]!.cash! += 1;
        }),
      ),
    ).toEqual(['1']);
  });
});

describe('9: one claim is paid once', () => {
  const second = `${payment}-2` as PaymentReference;
  const paidTwice = (evidence: Mutable<Evidence>) => {
    evidence.bank.payments.push({ reference: second, timesPaid: 1, amountFen: 100 });
    evidence.bank.paidAgain.push({ payment, references: [reference, second] });
    evidence.payments[0]!.reference = second;
  };
  test('the bank carried out one reference twice', () => {
    expect(broken(tampered(({ bank }) => void bank.duplicates.push({ reference, timesPaid: 2 })))).toEqual(['9']);
  });
  test('a payment was paid under two references', () => {
    expect(broken(tampered(paidTwice))).toEqual(['9']);
  });
  test('…which is right when the first one came back', () => {
    expect(
      broken(
        tampered((evidence) => {
          paidTwice(evidence);
          evidence.returned.push(payment);
        }),
      ),
    ).toEqual([]);
  });
  test('it counts as paid and the bank knows nothing of it', () => {
    expect(broken(tampered(({ bank }) => void bank.payments.pop()))).toEqual(['9']);
  });
  test('the bank paid what does not count as paid', () => {
    expect(
      broken(
        tampered(({ payments }) => {
          payments[0]!.status = 'failed';
        }),
      ),
    ).toEqual(['9']);
  });
  test('the bank paid another amount', () => {
    expect(
      broken(
        tampered(({ bank }) => {
          bank.payments[0]!.amountFen = 99;
        }),
      ),
    ).toEqual(['9']);
  });
});

test('10: nets that do not sum to zero', () => {
  expect(
    broken(
      tampered(({ cycles }) => {
        cycles[0]!.nets[0]!.netFen = -9;
      }),
    ),
  ).toEqual(['10']);
});

describe('14: acknowledged commands are recorded exactly once', () => {
  test('an acknowledged command cannot be found', () => {
    expect(broken(tampered(({ commands }) => void commands.missing.push('/orders/2')))).toEqual(['14']);
  });
  test('a retry is not recognised', () => {
    expect(
      broken(
        tampered(({ commands }) => {
          commands.replayed[0]!.sameBody = 201;
        }),
      ),
    ).toEqual(['14']);
  });
  test('the same id with another body is accepted', () => {
    expect(
      broken(
        tampered(({ commands }) => {
          commands.replayed[0]!.otherBody = 200;
        }),
      ),
    ).toEqual(['14']);
  });
  test('nothing was sent again', () => {
    expect(broken(tampered(({ commands }) => void commands.replayed.pop()))).toEqual(['14']);
  });
});

test('15: an answer differs after the read models were rebuilt', () => {
  expect(broken(tampered(({ rebuilt }) => void rebuilt.different.push('redemption/orders/1')))).toEqual(['15']);
});

describe('16: the services agree with each other', () => {
  test.each(['availableFen', 'reservedFen', 'redeemedFen', 'awaitingFen', 'spentFen', 'recoveredFen'] as const)('%s of a pot', (figure) => {
    expect(
      broken(
        tampered(({ figures }) => {
          figures.redemption[0]!.pots[pot]![figure] += 1;
        }),
      ),
    ).toEqual(['16']);
  });
  test.each(['appropriatedFen', 'grantedFen'] as const)('%s of a pot', (figure) => {
    expect(
      broken(
        tampered(({ figures }) => {
          figures.issuance[0]!.pots[pot]![figure] += 1;
        }),
      ),
    ).toEqual(['16']);
  });
  test.each(['unnettedFen', 'prefundFen'] as const)('%s of a pair', (figure) => {
    expect(
      broken(
        tampered(({ figures }) => {
          figures.clearing[0]!.pairs[`${home}-${host}`]![figure] += 1;
        }),
      ),
    ).toEqual(['16']);
  });
  test('a prefund that is drawn beyond itself', () => {
    expect(
      broken(
        tampered(({ figures }) => {
          figures.clearing[0]!.pairs[`${home}-${host}`]!.inFlightFen = 401;
        }),
      ),
    ).toEqual(['16']);
  });
  test('a debt that only the books know', () => {
    const unknown = tampered(({ figures }) => {
      figures.clearing[0]!.pairs = {};
    });
    expect(broken(unknown)).toEqual(['16']);
  });
  test('claims payable', () => {
    expect(
      broken(
        tampered(({ figures }) => {
          figures.redemption[0]!.payableFen[home] = 1;
        }),
      ),
    ).toEqual(['16']);
  });
  test('expenditure and spent of a year', () => {
    expect(
      broken(
        tampered(({ figures }) => {
          figures.ledger[0]!.spentFen[home]!['2026'] = 99;
        }),
      ),
    ).toEqual(['16']);
  });
  test('money left in the clearing account of a reconciled cycle', () => {
    const left = tampered(({ figures }) => {
      figures.ledger[0]!.books[home]!['clearing:202602'] = 5;
      figures.ledger[0]!.books[home]!.cash! -= 5;
    });
    expect(broken(left)).toEqual(['16']);
  });
  test('an event that was left out', () => {
    expect(broken(tampered(({ skipped }) => void skipped.push('redemption-330400 7')))).toEqual(['16']);
  });
  test('figures of several processes are one', () => {
    const split = tampered(({ figures }) => {
      const whole = figures.redemption[0]!;
      const part = structuredClone(whole);
      for (const name of Object.keys(part.pots[pot]!) as (keyof (typeof part.pots)[string])[]) {
        part.pots[pot]![name] = Math.floor(part.pots[pot]![name] / 2);
        whole.pots[pot]![name] -= part.pots[pot]![name];
      }
      figures.redemption.push(part);
    });
    expect(broken(split)).toEqual([]);
  });
});
