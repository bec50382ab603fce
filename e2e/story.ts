import { homeOf, type Uscc, usccCheckCharacter } from '@tongdui/contracts';
import type { System } from '@tongdui/development/system';
import { ulid } from 'ulid';
import { eventually, type TalkOptions, talk } from './talk.ts';
import { terms } from './terms.ts';

/** A small cast and what it does, over HTTP: the steps of the main flow as the right people take them. */

export { eventually, type Reply, type Sent } from './talk.ts';
export { cycleTerms } from './terms.ts';

export const songjiang = '310117';
export const jiaxing = '330400';
export const hangzhou = '330100';
export const suzhou = '320500';
export const zhejiang = '330000';

export type City = { readonly code: string; readonly payeeMode: 'lab-redeemed' | 'enterprise-refunded' };
export type Lab = { readonly uscc: Uscc; readonly host: string; readonly offeringId: string };
export type Enterprise = { readonly uscc: Uscc; readonly home: string };
export type Placed = {
  readonly orderId: string;
  readonly claimId: string;
  readonly paymentId: string;
  readonly voucherId: string;
  readonly enterprise: Enterprise;
  readonly lab: Lab;
};

let organisations = 0;
/** A valid code that nobody has: made up, with its check character. */
export const newUscc = (division: string): Uscc => {
  organisations += 1;
  const first17 = `91${division}MA${String(organisations).padStart(7, '0')}`;
  return `${first17}${usccCheckCharacter(first17)}` as Uscc;
};

/** Of a file that exists only here. */
const newDigest = (): string =>
  [...ulid()]
    .map((character) => character.charCodeAt(0).toString(16).padStart(2, '0'))
    .join('')
    .padEnd(64, '0');

export type StoryOptions = TalkOptions & {
  /** The date that people write on their papers. */
  readonly today?: () => string;
};

export const account = (uscc: string) => ({
  cnaps: '102331002345',
  number: `62${uscc.replace(/\D/g, '').padStart(14, '0')}`.slice(0, 19),
  name: `Test ${uscc}`,
});

export const story = (system: System, { today = () => '2026-03-02', ...options }: StoryOptions = {}) => {
  const { call, get, put, must, stepMs } = talk(system, options);
  const lab = (provider: Lab | { uscc: Uscc; host: string }) => `lab.${provider.host}.${provider.uscc}`;
  const boss = (enterprise: Enterprise) => `enterprise.${enterprise.home}.${enterprise.uscc}`;

  const enactPolicy = ({ code, payeeMode }: City, change: object = {}) =>
    must('issuance', code, `/policies/${code}-policy-${ulid()}`, `policy-officer.${code}`, {
      effectiveFrom: '2026-01-01',
      terms: { ...terms, payeeMode, ...change },
    });

  const openLab = async (host: string, homes: readonly string[]): Promise<Lab> => {
    const uscc = newUscc(host);
    const person = lab({ uscc, host });
    await must('registry', host, `/providers/${host}-provider-${uscc}`, person, { name: 'Test lab', account: account(uscc) });
    await must('registry', host, `/providers/${host}-provider-${uscc}/admissions/1`, `reviewer-1.${host}`, {
      categories: ['testing'],
      admittedUntil: '2028-12-31',
    });
    const offeringId = `${host}-offering-${ulid()}`;
    await must('registry', host, `/offerings/${offeringId}`, person, { provider: uscc, category: 'testing', name: 'Material test' });
    for (const home of homes)
      if (home !== host)
        await must('registry', home, `/recognitions/${home}-recognition-${ulid()}`, `approver-1.${home}`, {
          host,
          provider: uscc,
          categories: ['testing'],
          validFrom: '2026-01-01',
          validUntil: '2028-12-31',
        });
    return { uscc, host, offeringId };
  };

  const registerEnterprise = async (home: string): Promise<Enterprise> => {
    const uscc = newUscc(home);
    await must('issuance', home, `/enterprises/${home}-enterprise-${uscc}`, `reviewer-1.${home}`, {
      name: 'Test enterprise',
      establishedOn: '2020-01-01',
      account: account(uscc),
    });
    return { uscc, home };
  };

  const openPot = async (administeredBy: string, owner: string, openTo: readonly string[], amountFen: number): Promise<string> => {
    const potId = `${administeredBy}-pot-${ulid()}`;
    await must('issuance', administeredBy, `/pots/${potId}`, `budget-officer.${administeredBy}`, {
      owner,
      fiscalYear: 2026,
      name: 'Test pot',
      openTo,
    });
    await must('issuance', administeredBy, `/pots/${potId}/appropriations/${ulid()}`, `budget-officer.${administeredBy}`, { amountFen });
    return potId;
  };

  const apply = async (enterprise: Enterprise, faceFen: number): Promise<string> => {
    const id = `${enterprise.home}-application-${ulid()}`;
    await must('issuance', enterprise.home, `/applications/${id}`, boss(enterprise), {
      enterprise: enterprise.uscc,
      requestedFen: faceFen,
      categories: ['testing'],
      purpose: 'Test',
    });
    await must('issuance', enterprise.home, `/applications/${id}/submission`, boss(enterprise));
    await must('issuance', enterprise.home, `/applications/${id}/check`, `reviewer-1.${enterprise.home}`);
    return id;
  };

  /** An application that was checked becomes a voucher. */
  const grant = async (
    enterprise: Enterprise,
    applicationId: string,
    faceFen: number,
    funding: readonly { potId: string; bps: number }[],
  ): Promise<string> => {
    await must('issuance', enterprise.home, `/applications/${applicationId}/approval`, `approver-1.${enterprise.home}`, {
      faceFen,
      funding,
    });
    const voucherId = applicationId.replace('-application-', '-voucher-');
    await eventually(
      async () => (await get('redemption', enterprise.home, `/vouchers/${voucherId}`, boss(enterprise))).status === 200,
      `${voucherId} is opened`,
      stepMs,
    );
    return voucherId;
  };

  const issueVoucher = async (
    enterprise: Enterprise,
    faceFen: number,
    funding: readonly { potId: string; bps: number }[],
  ): Promise<string> => {
    return grant(enterprise, await apply(enterprise, faceFen), faceFen, funding);
  };

  /** The order as far as the lab's acceptance. */
  const propose = async (enterprise: Enterprise, at: Lab, voucherId: string): Promise<Placed> => {
    const key = ulid();
    const orderId = `${enterprise.home}-order-${key}`;
    await must('redemption', enterprise.home, `/orders/${orderId}`, boss(enterprise), { voucherId, offeringId: at.offeringId });
    await must('redemption', enterprise.home, `/orders/${orderId}/lab-acceptance`, lab(at));
    return { orderId, claimId: `${enterprise.home}-claim-${key}-1`, paymentId: '', voucherId, enterprise, lab: at };
  };

  const contract = (baseFen: number, subsidyFen: number) => ({
    contractNumber: `C-${ulid()}`,
    signedOn: today(),
    serviceStartsOn: today(),
    endsOn: '2026-06-30',
    baseFen,
    subsidyFen,
    contractDigest: 'a'.repeat(64),
  });

  const register = (placed: Placed, baseFen: number, subsidyFen: number, n = 1) =>
    must(
      'redemption',
      placed.enterprise.home,
      `/orders/${placed.orderId}/contracts/${n}`,
      boss(placed.enterprise),
      contract(baseFen, subsidyFen),
    );

  const deliver = (placed: Placed) =>
    must('redemption', placed.enterprise.home, `/orders/${placed.orderId}/delivery`, lab(placed.lab), {
      deliveredOn: today(),
      deliverableDigest: 'b'.repeat(64),
    });

  /** The subsidy is redeemed and the claim awaited. */
  const accept = async ({ orderId, claimId, enterprise }: Placed, actualBaseFen: number): Promise<void> => {
    await must('redemption', enterprise.home, `/orders/${orderId}/acceptance`, boss(enterprise), { acceptedOn: today(), actualBaseFen });
    await eventually(
      async () => (await get('redemption', enterprise.home, `/claims/${claimId}`, boss(enterprise))).status === 200,
      `${claimId} is awaited`,
      stepMs,
    );
  };

  /** Contract, delivery and acceptance. */
  const redeem = async (placed: Placed, baseFen: number, subsidyFen: number): Promise<void> => {
    await register(placed, baseFen, subsidyFen);
    await deliver(placed);
    await accept(placed, baseFen);
  };

  const claimView = async (placed: Placed) =>
    (await get('redemption', placed.enterprise.home, `/claims/${placed.claimId}`, `auditor.${placed.enterprise.home}`)).body;

  const submit = async (placed: Placed, baseFen: number, subsidyFen: number, payeeMode: City['payeeMode'], n = 1): Promise<void> => {
    const { enterprise, claimId } = placed;
    const payee = payeeMode === 'lab-redeemed' ? lab(placed.lab) : boss(enterprise);
    // An enterprise that is refunded proves what it paid.
    const evidence = await Promise.all(
      (payeeMode === 'lab-redeemed' ? ['invoice'] : ['invoice', 'payment-proof']).map(async (kind) => {
        const file = newDigest();
        await must('redemption', enterprise.home, `/evidence/${enterprise.home}-evidence-${file}`, payee, {
          sm3: 'c'.repeat(64),
          kind,
          bytes: 1_024,
          mediaType: 'application/pdf',
        });
        return file;
      }),
    );
    const number = String(Date.now()).padStart(14, '0') + String(Math.trunc(Math.random() * 1e6)).padStart(6, '0');
    await must('redemption', enterprise.home, `/claims/${claimId}/submissions/${n}`, payee, {
      invoice: {
        number: { number },
        issuedOn: today(),
        totalFen: baseFen,
        sliceFen: baseFen,
        seller: placed.lab.uscc,
        buyer: enterprise.uscc,
      },
      selfPaidFen: payeeMode === 'lab-redeemed' ? baseFen - subsidyFen : baseFen,
      evidence,
    });
  };

  /** Check, review and notice, each by another person. */
  const approve = async (placed: Placed, baseFen: number, subsidyFen: number, payeeMode: City['payeeMode']): Promise<void> => {
    const { claimId } = placed;
    const { home } = placed.enterprise;
    const selfPaidFen = payeeMode === 'lab-redeemed' ? baseFen - subsidyFen : baseFen;
    await must('redemption', home, `/claims/${claimId}/checks/1`, `reviewer-1.${placed.lab.host}`);
    await must('redemption', home, `/claims/${claimId}/review`, `reviewer-2.${home}`, { subsidyFen, selfPaidFen });
    await must('redemption', home, `/claims/${claimId}/notice`, `approver-1.${home}`);
  };

  const paymentOf = async (placed: Placed): Promise<Placed> => {
    const { payer } = await claimView(placed);
    const paymentId = placed.claimId.replace('-claim-', '-payment-').replace(/^\d{6}/, String(payer));
    await eventually(
      async () => (await get('redemption', String(payer), `/payments/${paymentId}`, `payer.${String(payer)}`)).status === 200,
      `${paymentId} is prepared`,
      stepMs,
    );
    return { ...placed, paymentId };
  };

  const pay = (placed: Placed, n = 1) =>
    must('redemption', homeOf(placed.paymentId), `/payments/${placed.paymentId}/instructions/${n}`, `payer.${homeOf(placed.paymentId)}`);

  return {
    call,
    get,
    put,
    must,
    lab,
    boss,
    enactPolicy,
    openLab,
    registerEnterprise,
    openPot,
    apply,
    grant,
    issueVoucher,
    propose,
    contract,
    register,
    deliver,
    accept,
    redeem,
    submit,
    approve,
    claimView,
    paymentOf,
    pay,
  };
};
export type Story = ReturnType<typeof story>;
