import { type CloudEvent, type Home, sanctionChanged, voucherClosed } from '@tongdui/contracts';
import { beforeEach, describe, expect, test } from 'vitest';
import { applicationId, bpsOf, enterprise, jiaxing, potId, songjiang } from './issuance.fixtures.ts';
import type { SanctionCopy } from './issuance.projection.ts';
import { scenario } from './issuance.scenario.fixtures.ts';
import { eventFrom, processOf, type World, world } from './issuance.stage.fixtures.ts';

let at: World;
let people: ReturnType<typeof scenario>;
beforeEach(() => {
  at = world();
  people = scenario(at);
});

describe('a pot of another city', () => {
  const both = async () => {
    const here = processOf(at, 'songjiang', [songjiang as string as Home]);
    const there = processOf(at, 'jiaxing', [jiaxing as string as Home]);
    await people.prepared(here);
    await people.openPot(there, 2, 1_000, jiaxing);
    await people.apply(here, 1, 100);
    return { here, there };
  };
  const funding = [
    { potId: potId(1), bps: bpsOf(5_000) },
    { potId: potId(2, jiaxing), bps: bpsOf(5_000) },
  ];

  test('is asked over the bus', async () => {
    const { here, there } = await both();
    await at.wall.until(() => here.running.isStarted() && there.running.isStarted());
    expect(await people.approve(here, 1, 100, funding)).toMatchObject({ is: 'done', created: true });
    await there.idle();
    expect(people.potOf(there, 2, jiaxing)).toMatchObject({ grantedFen: 50 });
  });

  test('that cannot be reached is no refusal: pending, then issued when it is back', async () => {
    const { here, there } = await both();
    at.hub.partition('jiaxing');
    expect(await people.approve(here, 1, 100, funding)).toMatchObject({ is: 'pending' });
    at.hub.heal('jiaxing');
    await at.wall.until(() => people.statuses(here)[0] === 'issued');
    await there.idle();
    expect(people.potOf(there, 2, jiaxing)).toMatchObject({ grantedFen: 50 });
    expect(await people.approve(here, 1, 100, funding)).toMatchObject({ is: 'done', created: false });
  });

  test('that cannot be reached by the deadline refuses the issue, and is released when it is back', async () => {
    const { here, there } = await both();
    at.hub.partition('jiaxing');
    expect(await people.approve(here, 1, 100, funding)).toMatchObject({ is: 'pending' });
    at.clock.moveTo('2026-03-02T02:10:00.000Z' as ReturnType<typeof at.clock.now>);
    await at.wall.until(() => people.statuses(here)[0] === 'rejected');
    expect(here.rows.get('applications', applicationId(1))).toMatchObject({ reason: 'deadline-passed' });
    at.hub.heal('jiaxing');
    await here.idle();
    expect(people.usedBy(here)).toBe(0);
    expect(people.potOf(here)).toMatchObject({ grantedFen: 0 });
    expect(await there.handlers.pot?.current(`issuance.${jiaxing}.${potId(2, jiaxing).slice(7)}`)).toMatchObject({ revision: 2 });
    const late = {
      type: 'commit-pot',
      at: at.clock.now(),
      potId: potId(2, jiaxing),
      applicationId: applicationId(1),
      forHome: songjiang,
      year: 2026,
      amountFen: 50,
    };
    expect(await there.asks(late)).toEqual({ is: 'no', reason: 'commitment-released' });
  });
});

describe('what the other services publish', () => {
  test('a closed voucher gives back to pot and allowance, once however often it is told', async () => {
    const process = processOf(at, 'all');
    await people.prepared(process);
    await people.apply(process, 1, 100);
    await people.approve(process, 1, 100);
    await process.idle();
    const slices = [{ potId: potId(1), owner: songjiang, fiscalYear: 2026, amountFen: 60 }];
    const data = {
      voucherId: applicationId(1).replace('application', 'voucher'),
      home: songjiang,
      enterprise,
      slices,
      occurredAt: at.clock.now(),
      cause: 'expired',
    };
    const closed = eventFrom('redemption', songjiang, voucherClosed.type, data);
    const redemption = at.hub.connect('redemption');
    await redemption.publish({ service: 'redemption', home: songjiang as string as Home }, [closed]);
    await redemption.publish({ service: 'redemption', home: songjiang as string as Home }, [closed]);
    await at.wall.until(() => people.usedBy(process) !== 100);
    await process.idle();
    expect(people.usedBy(process)).toBe(40);
    expect(people.potOf(process)).toMatchObject({ grantedFen: 40, availableFen: 999_960 });
    const pot = await process.store.read(`issuance.${songjiang}.${potId(1).slice(7)}`);
    expect(pot.filter(({ type }) => type === 'PotReturned')).toHaveLength(1);
  });

  test('a sanction stops check and approval while it is in force', async () => {
    const process = processOf(at, 'all');
    await people.prepared(process);
    await process.idle();
    const registry = at.hub.connect('registry');
    let last: CloudEvent | undefined;
    const tell = async (status: 'imposed' | 'lifted', validFrom: string) => {
      const said = { sanctionId: 'G60-sanction-1', uscc: enterprise, status, reason: '骗取补贴', validFrom, validUntil: '2026-12-31' };
      last = eventFrom('registry', 'G60', sanctionChanged.type, { ...said, occurredAt: at.clock.now() }, last);
      await registry.publish({ service: 'registry', home: 'G60' as Home }, [last]);
      await at.wall.until(() => {
        const copy = process.rows.get<SanctionCopy>('sanction-copies', 'G60-sanction-1');
        return copy?.status === status && copy.validFrom === validFrom;
      });
    };
    await tell('imposed', '2026-03-03');
    expect(await people.apply(process, 1, 100)).toMatchObject({ is: 'done' });
    await tell('imposed', '2026-03-02');
    expect(await people.apply(process, 2, 100)).toMatchObject({ is: 'refused', reason: 'enterprise-sanctioned' });
    expect(await people.approve(process, 1, 100)).toMatchObject({ is: 'refused', reason: 'enterprise-sanctioned' });
    await tell('lifted', '2026-03-02');
    expect(await people.approve(process, 1, 100)).toMatchObject({ is: 'done' });
  });
});
