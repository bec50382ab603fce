import { enterpriseIdOf, type Home, type Instant, type Uscc } from '@tongdui/contracts';
import type { System } from '@tongdui/development/system';
import { expect } from 'vitest';
import { moveClock, patiently, serviceUrls } from './load.ts';
import { openMarket, type Place } from './market.ts';
import { type Enterprise, eventually, type Placed, type Sent, type Story, story } from './story.ts';

/** Stories that have come as far as the step in question, one for each step, so that the step itself is all that happens. */
export type Stage = {
  readonly steps: Readonly<Record<Step, () => Promise<unknown>>>;
  /** Takes the stories that are not over to their end, looks at it, and answers with those that were paid. */
  complete(): Promise<readonly Placed[]>;
  readonly tell: Story;
  readonly place: Place;
  /** Business time of every service and the date on people's papers. */
  goTo(day: string): Promise<void>;
};

export type Step =
  | 'issue'
  | 'issueAgain'
  | 'refuseIssue'
  | 'register'
  | 'registerAgain'
  | 'refuseContract'
  | 'refuseContractAgain'
  | 'amend'
  | 'accept'
  | 'submit'
  | 'cut'
  | 'reject'
  | 'rejectPayable'
  | 'pay'
  | 'payAgain'
  | 'revoke'
  | 'endMonth';

const baseFen = 200_003;
const subsidyFen = 100_001;
const faceFen = 100_008;
const lowerBaseFen = 150_001;
const lowerSubsidyFen = 75_000;
const cutSubsidyFen = 90_000;
const days = ['2026-03-02', '2026-03-03', '2026-04-01', '2026-04-02'] as const;
const morningOf = (day: string) => `${day}T01:00:00.000Z` as Instant;

type Applied = { readonly enterprise: Enterprise; readonly applicationId: string };

export const prepareSteps = async (system: System, acknowledged: Sent[]): Promise<Stage> => {
  let today: string = days[0];
  const tell = story(system, { ...patiently(acknowledged), today: () => today });
  const [place] = await openMarket(tell);
  const prepared = preparing(tell, place);
  const scarce = await tell.openPot(place.home, place.home, [place.home], 9);
  await system.waitIdle();
  const [issue, issueAgain, refusedIssue] = await prepared.applications();
  const [registered, registeredAgain, refused, refusedAgain] = await prepared.orders();
  const [amended, accepted, submitted, revoked] = await prepared.orders();
  await Promise.all([amended, accepted].map((order) => tell.register(order, baseFen, subsidyFen)));
  await Promise.all([tell.deliver(accepted), tell.redeem(submitted, baseFen, subsidyFen)]);
  const [rejected, rejectedPayable, paid, paidAgain] = await prepared.inNotice();
  const goTo = async (day: string) => {
    today = day;
    await system.moveClock(morningOf(day));
  };
  await goTo(days[1]);
  const payable = { paid: await tell.paymentOf(paid), paidAgain: await tell.paymentOf(paidAgain) };
  const issued: { enterprise: Enterprise; voucherId: string }[] = [];
  const steps = stepsOf(tell, place);

  return {
    tell,
    place,
    goTo,
    steps: {
      issue: async () => issued.push(await steps.issue(issue)),
      issueAgain: async () => issued.push(await steps.issue(issueAgain)),
      refuseIssue: () => steps.refuseIssue(refusedIssue, scarce),
      register: () => Promise.all([tell.register(registered, baseFen, subsidyFen), tell.openLab(place.host, [])]),
      registerAgain: () => tell.register(registeredAgain, baseFen, subsidyFen),
      refuseContract: () => steps.refuseContract(refused),
      refuseContractAgain: () => steps.refuseContract(refusedAgain),
      amend: () => steps.amend(amended),
      accept: () => tell.accept(accepted, baseFen),
      submit: () => tell.submit(submitted, baseFen, subsidyFen, place.payeeMode),
      cut: () => steps.cut(submitted),
      reject: () => steps.reject(rejected),
      rejectPayable: () => steps.reject(rejectedPayable),
      pay: () => tell.pay(payable.paid),
      payAgain: () => tell.pay(payable.paidAgain),
      revoke: () => steps.revoke(revoked),
      endMonth: async () => {
        today = days[2];
        await Promise.all(serviceUrls(system).map(([, url]) => moveClock(system, url, morningOf(days[2]))));
      },
    },
    complete: async () => {
      const { fromAcceptedByLab, fromRegistered, fromRedeemed, fromReviewed } = claiming(tell, place);
      const orders = await Promise.all(issued.map(({ enterprise, voucherId }) => tell.propose(enterprise, place.lab, voucherId)));
      const pending = await Promise.all([
        ...orders.map((order) => fromAcceptedByLab(order, 1)),
        ...[refused, refusedAgain].map((order) => fromAcceptedByLab(order, 2)),
        ...[registered, registeredAgain].map((order) => fromRegistered(order, baseFen, subsidyFen)),
        fromRegistered(amended, lowerBaseFen, lowerSubsidyFen),
        fromRedeemed(accepted, baseFen, subsidyFen),
        fromReviewed(submitted),
      ]);
      await system.waitIdle();
      await goTo(days[3]);
      const nowPaid = await Promise.all(pending.map((order) => steps.pay(order)));
      await system.waitIdle();
      const everyPaid = [payable.paid, payable.paidAgain, ...nowPaid];
      await steps.assertPaid(everyPaid);
      await steps.assertRestored([rejected, rejectedPayable]);
      return everyPaid;
    },
  };
};

/** Stories told as far as a step, four side by side. */
const preparing = (tell: Story, { home, lab, funding, payeeMode }: Place) => {
  const four = <Item>(one: () => Promise<Item>) => Promise.all([one(), one(), one(), one()] as const);
  const order = async () => {
    const enterprise = await tell.registerEnterprise(home);
    return tell.propose(enterprise, lab, await tell.issueVoucher(enterprise, faceFen, funding));
  };
  return {
    applications: () =>
      four<Applied>(async () => {
        const enterprise = await tell.registerEnterprise(home);
        return { enterprise, applicationId: await tell.apply(enterprise, faceFen) };
      }),
    orders: () => four(order),
    inNotice: () =>
      four(async () => {
        const placed = await order();
        await tell.redeem(placed, baseFen, subsidyFen);
        await tell.submit(placed, baseFen, subsidyFen, payeeMode);
        await tell.approve(placed, baseFen, subsidyFen, payeeMode);
        return placed;
      }),
  };
};

/** What people see afterwards, as soon as it is there. */
const looking = (tell: Story, home: string) => {
  const refusedBecause = (service: 'issuance' | 'redemption', path: string, person: string, body: object, code: string) =>
    eventually(async () => {
      const reply = await tell.put(service, home, path, person, body).catch(() => undefined);
      expect(reply?.status ?? 409, JSON.stringify(reply)).not.toBeLessThan(202);
      return reply?.status === 409 && reply.body.code === code;
    }, `${path} is refused: ${code}`);
  const sees = (service: 'issuance' | 'redemption', path: string, fields: object) =>
    eventually(
      async () => {
        const { body } = await tell.get(service, home, path, `auditor.${home}`);
        return Object.entries(fields).every(([name, value]) => body[name] === value);
      },
      `${path} has ${JSON.stringify(fields)}`,
    );
  /** What the claim has of its invoice, where the whole corridor's invoices are. */
  const seesSlice = (placed: Placed, fields: object) =>
    eventually(
      async () => {
        const { invoice } = (await tell.claimView(placed)) as { invoice?: { digest: string } };
        if (!invoice) return false;
        const { body } = await tell.get('redemption', 'G60', `/invoices/${invoice.digest}`, 'auditor.G60');
        const slices = (body.slices ?? []) as readonly Readonly<Record<string, unknown>>[];
        const slice = slices.find((one) => one.claimId === placed.claimId);
        return slice !== undefined && Object.entries(fields).every(([name, value]) => slice[name] === value);
      },
      `the slice of ${placed.claimId} has ${JSON.stringify(fields)}`,
    );
  const allowanceOf = ({ uscc }: Enterprise) =>
    `/allowances/${enterpriseIdOf(home as Home, uscc as Uscc).replace('-enterprise-', '-allowance-')}-2026`;
  return { refusedBecause, sees, seesSlice, allowanceOf };
};

/** The steps during which processes die, each with what must have become of it. */
const stepsOf = (tell: Story, { home, funding }: Place) => {
  const { refusedBecause, sees, seesSlice, allowanceOf } = looking(tell, home);

  return {
    issue: async ({ enterprise, applicationId }: Applied) => ({
      enterprise,
      voucherId: await tell.grant(enterprise, applicationId, faceFen, funding),
    }),
    refuseIssue: async ({ enterprise, applicationId }: Applied, scarce: string) => {
      const [first] = funding;
      const parts = [
        { potId: first?.potId, bps: 5_000 },
        { potId: scarce, bps: 5_000 },
      ];
      const person = `approver-1.${home}`;
      await refusedBecause('issuance', `/applications/${applicationId}/approval`, person, { faceFen, funding: parts }, 'pot-short');
      await sees('issuance', allowanceOf(enterprise), { usedFen: 0 });
      await sees('issuance', `/pots/${scarce}`, { grantedFen: 0, availableFen: 9 });
    },
    refuseContract: async ({ orderId, voucherId, enterprise }: Placed) => {
      const tooMuch = tell.contract(2 * faceFen + 4, faceFen + 1);
      await refusedBecause('redemption', `/orders/${orderId}/contracts/1`, tell.boss(enterprise), tooMuch, 'voucher-short');
      await sees('redemption', `/vouchers/${voucherId}`, { availableFen: faceFen, reservedFen: 0 });
    },
    amend: async ({ orderId, voucherId, enterprise }: Placed) => {
      const lower = { baseFen: lowerBaseFen, subsidyFen: lowerSubsidyFen };
      await tell.must('redemption', home, `/orders/${orderId}/amendments/1`, tell.boss(enterprise), lower);
      await sees('redemption', `/vouchers/${voucherId}`, { availableFen: faceFen - lowerSubsidyFen, reservedFen: lowerSubsidyFen });
    },
    /** The check, and a review that grants less: the rest goes back to the voucher, and that much of the slice to its invoice. */
    cut: async (placed: Placed) => {
      const { claimId, voucherId } = placed;
      const selfPaidFen = baseFen - subsidyFen;
      await tell.must('redemption', home, `/claims/${claimId}/checks/1`, `reviewer-1.${placed.lab.host}`);
      await tell.must('redemption', home, `/claims/${claimId}/review`, `reviewer-2.${home}`, { subsidyFen: cutSubsidyFen, selfPaidFen });
      await sees('redemption', `/vouchers/${voucherId}`, { availableFen: faceFen - cutSubsidyFen, redeemedFen: cutSubsidyFen });
      await seesSlice(placed, { status: 'live', amountFen: selfPaidFen + cutSubsidyFen });
    },
    reject: async (placed: Placed) => {
      const { claimId, voucherId } = placed;
      await tell.must('redemption', home, `/claims/${claimId}/rejections/1`, `approver-2.${home}`, { reason: 'Test' });
      await sees('redemption', `/claims/${claimId}`, { status: 'rejected' });
      await sees('redemption', `/vouchers/${voucherId}`, { availableFen: faceFen, redeemedFen: 0 });
      await seesSlice(placed, { status: 'released' });
    },
    revoke: async ({ voucherId, enterprise }: Placed) => {
      await tell.must('redemption', home, `/vouchers/${voucherId}/revocation`, `approver-2.${home}`, { reason: 'Test' });
      await sees('redemption', `/vouchers/${voucherId}`, { status: 'revoked', availableFen: 0, revokedFen: faceFen });
      await sees('issuance', allowanceOf(enterprise), { usedFen: 0 });
    },
    pay: async (order: Placed) => {
      const placed = await tell.paymentOf(order);
      await tell.pay(placed);
      return placed;
    },
    assertPaid: async (placed: readonly Placed[]) => {
      const statuses = await Promise.all(placed.map(async (one) => (await tell.claimView(one)).status));
      expect(statuses).toEqual(placed.map(() => 'paid'));
    },
    assertRestored: async (placed: readonly Placed[]) => {
      for (const { claimId, voucherId } of placed) {
        await sees('redemption', `/claims/${claimId}`, { status: 'rejected' });
        await sees('redemption', `/vouchers/${voucherId}`, { availableFen: faceFen, reservedFen: 0, redeemedFen: 0 });
      }
    },
  };
};

/** The rest of a story from where its step has left it, as far as the notice. */
const claiming = (tell: Story, { payeeMode }: Place) => {
  const fromReviewed = async (placed: Placed) => {
    await tell.must('redemption', placed.enterprise.home, `/claims/${placed.claimId}/notice`, `approver-1.${placed.enterprise.home}`);
    return placed;
  };
  const fromSubmitted = async (placed: Placed, base: number, subsidy: number) => {
    await tell.approve(placed, base, subsidy, payeeMode);
    return placed;
  };
  const fromRedeemed = async (placed: Placed, base: number, subsidy: number) => {
    await tell.submit(placed, base, subsidy, payeeMode);
    return fromSubmitted(placed, base, subsidy);
  };
  const fromRegistered = async (placed: Placed, base: number, subsidy: number) => {
    await tell.deliver(placed);
    await tell.accept(placed, base);
    return fromRedeemed(placed, base, subsidy);
  };
  const fromAcceptedByLab = async (placed: Placed, n: number) => {
    await tell.register(placed, baseFen, subsidyFen, n);
    return fromRegistered(placed, baseFen, subsidyFen);
  };
  return { fromReviewed, fromRedeemed, fromRegistered, fromAcceptedByLab };
};
