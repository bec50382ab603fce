import type { Sent, Stage } from './bad-input.stage.ts';

/** Requests that would be accepted but for what is changed, and what their refusals say. */
const invalid = { status: 422, code: 'invalid-request' } as const;

export const requestsAt = (current: () => Stage) => {
  /** Paths of what is wrong in a request. */
  const issuesOf = async (sent: Sent): Promise<string[]> => {
    const { details } = await current().expectRefused(sent, invalid);
    return [...new Set((details.issues ?? []).map(({ path }) => path))];
  };

  /** A submission of a claim, good but for what is changed. */
  const claimOf = (claimId: string, n: number, change: object = {}): Sent => ({
    service: 'redemption',
    path: `/claims/${claimId}/submissions/${n}`,
    person: current().tell.lab(current().cast.lab),
    body: {
      invoice: {
        number: { number: '26330000000000000001' },
        issuedOn: '2026-03-02',
        totalFen: 200_000,
        sliceFen: 200_000,
        seller: current().cast.lab.uscc,
        buyer: current().cast.enterprise.uscc,
        ...change,
      },
      selfPaidFen: 100_000,
      evidence: [current().cast.file],
    },
  });
  const orderStep = (orderId: string, step: string, body: object, person = current().tell.boss(current().cast.enterprise)): Sent => ({
    service: 'redemption',
    path: `/orders/${orderId}/${step}`,
    person,
    body,
  });
  const byLab = () => current().tell.lab(current().cast.lab);
  const refusing = (sent: () => Sent, status: number, code: string) => () => current().expectRefused(sent(), { status, code });

  return { issuesOf, claimOf, orderStep, byLab, refusing };
};
