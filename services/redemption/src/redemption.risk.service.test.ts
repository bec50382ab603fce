import { describe, expect, test } from 'vitest';
import { begin, claimOf, everythingHolds, typesAt } from './redemption.begun.fixtures.ts';
import { accountOf, actor, digest, jiaxing, lab, songjiang } from './redemption.fixtures.ts';
import type { World } from './redemption.stage.fixtures.ts';
import { people } from './redemption.story.fixtures.ts';

const provider = { uscc: lab, host: jiaxing, name: 'x', categories: ['testing'], account: accountOf(2) };
const suspend = ({ say }: World) => say('registry', jiaxing, 'provider-changed', { ...provider, status: 'suspended' });
const atRisk = { is: 'refused', reason: 'claim-at-risk' };

describe('a lab that is suspended after the check', () => {
  test('stops the review; held and dismissed, the same review goes on, and the notice after it', async () => {
    const { at, process, story } = await begin();
    await story.toSubmitted();
    await story.done(() => story.check());
    await suspend(at);
    await process.idle();
    expect(await story.answer(story.review())).toMatchObject(atRisk);
    expect(claimOf(process)?.status).toBe('checked');
    await story.done(() => story.hold());
    expect(claimOf(process)).toMatchObject({ status: 'risk-hold', holdReasons: ['to be looked into', 'provider-suspended'] });
    await story.done(
      () => story.dismissHold(),
      () => story.review(),
      story.notice,
    );
    expect(claimOf(process)?.status).toBe('notice');
    await everythingHolds(process);
  });
  test('stops the notice of what was reviewed before', async () => {
    const { at, process, story } = await begin();
    await story.toSubmitted();
    await story.done(
      () => story.check(),
      () => story.review(),
    );
    await suspend(at);
    await process.idle();
    expect(await story.answer(story.notice())).toMatchObject(atRisk);
    expect(claimOf(process)?.status).toBe('reviewed');
    await story.done(
      () => story.hold(),
      () => story.dismissHold(),
      story.notice,
    );
    expect(claimOf(process)?.status).toBe('notice');
  });
});

describe('a red letter', () => {
  test('is registered by a reviewer of a home with a claim on the invoice, and by nobody else', async () => {
    const { process, story } = await begin();
    await story.toSubmitted();
    const { digest: invoice } = claimOf(process)?.invoice ?? { digest: digest(0) };
    for (const foreign of [actor('foreign', 'reviewer', jiaxing), actor('corridor', 'reviewer', 'G60'), people.approver])
      expect(await story.answer(story.redLetter(foreign, invoice))).toMatchObject({ is: 'refused', reason: 'not-allowed' });
    await process.idle();
    expect([claimOf(process)?.status, await typesAt(process, 'G60')]).toEqual(['submitted', []]);
    await story.done(() => story.redLetter(actor('home', 'reviewer', songjiang), invoice));
    expect(claimOf(process)?.status).toBe('rejected');
    // A slice that is gone leaves the right to the answer.
    expect(await story.answer(story.redLetter(actor('home', 'reviewer', songjiang), invoice))).toMatchObject({
      is: 'done',
      created: false,
    });
    await everythingHolds(process);
  });
  test('of an invoice that nobody claimed is refused', async () => {
    const { story } = await begin();
    expect(await story.answer(story.redLetter(people.reviewer, digest(77)))).toMatchObject({ is: 'refused', reason: 'invoice-unknown' });
    expect(await story.answer(story.redLetter(people.approver, digest(77)))).toMatchObject({ is: 'refused', reason: 'not-allowed' });
  });
});
