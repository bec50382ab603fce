import { hash } from 'node:crypto';
import { addDays } from '@tongdui/calendar';
import type { PolicyTerms, Sha256, Uscc } from '@tongdui/contracts';
import { type Call, call, official, ofOrganisation } from './calls.ts';
import type { Notebook } from './notebook.ts';
import type { Random } from './random.ts';
import type { Shown } from './shown.ts';
import { stepsOfClearing } from './steps.clearing.ts';
import { type Steps, stepOfApplication, stepOfOrder } from './steps.ts';
import { admission, agreement, appropriation, deposit } from './town.ts';

/** What somebody does next, by chance: mostly something sensible, sometimes something again, sometimes something wrong. */
export const nextCalls = (book: Notebook, random: Random): Call[] => {
  const steps: Steps = { book, random, mischief: true, regrets: true };
  const kind = random.weighted([
    [4, apply],
    [12, applications],
    [11, propose],
    [66, orders],
    [10, clearing],
    [3, voucher],
    [2, redLetter],
    [3, registry],
    [3, treasury],
    [2, rules],
    [7, again],
    [4, wrong],
  ] as const);
  return kind(steps);
};

const latest = <Item>(random: Random, items: readonly Item[], most: number): Item[] => {
  const recent = items.slice(-most);
  return recent.length === 0 ? [] : [0, 1, 2].map(() => random.pick(recent));
};

/** Of some that come to mind, the first with which something is to be done. */
const first = (ids: readonly string[], stepOf: (id: string) => Call[]): Call[] => {
  for (const id of ids) {
    const found = stepOf(id);
    if (found.length > 0) return found;
  }
  return [];
};

const apply = ({ book, random }: Steps): Call[] => {
  const { home, uscc } = random.pick(book.town.enterprises);
  const id = `${home}-application-${book.newId()}`;
  book.applications.push(id);
  const body = { enterprise: uscc, requestedFen: random.between(101, 50_000), categories: ['testing'], purpose: 'A test' };
  return [call('issuance', 'draftApplication')(home, `/applications/${id}`, ofOrganisation('enterprise', home, uscc), { id }, body)];
};

const applications = (steps: Steps): Call[] =>
  first(latest(steps.random, steps.book.applications, 12), (id) => stepOfApplication(steps, id));

const propose = ({ book, random }: Steps): Call[] => {
  const issued = book.applications.filter((id) => book.row('issuance', id.slice(0, 6), 'applications', id)?.status === 'issued');
  if (issued.length === 0) return [];
  const application = random.pick(issued);
  const home = application.slice(0, 6);
  const uscc = book.row('issuance', home, 'applications', application)?.enterprise as Uscc;
  const id = `${home}-order-${book.newId()}`;
  book.orders.push(id);
  const body = { voucherId: application.replace('-application-', '-voucher-'), offeringId: random.pick(book.town.labs).offering };
  return [call('redemption', 'proposeOrder')(home, `/orders/${id}`, ofOrganisation('enterprise', home, uscc), { id }, body)];
};

const orders = (steps: Steps): Call[] => {
  const { book, random } = steps;
  return first(latest(random, book.orders, 18), (id) => stepOfOrder(steps, id));
};

const clearing = (steps: Steps): Call[] => {
  const due = stepsOfClearing(steps);
  return due.length === 0 ? [] : latest(steps.random, due, due.length).slice(0, 1 + steps.random.below(3));
};

const voucher = ({ book, random }: Steps): Call[] => {
  if (book.orders.length === 0) return [];
  const chosen = random.pick(book.orders);
  const order = book.row('redemption', chosen.slice(0, 6), 'orders', chosen);
  if (!order?.voucherId) return [];
  const id = String(order.voucherId);
  const home = id.slice(0, 6);
  const [operation, path] = random.weighted([
    [3, ['freezeVoucher', 'freezes']],
    [6, ['unfreezeVoucher', 'unfreezes']],
    [1, ['revokeVoucher', 'revocation']],
  ] as const);
  const n = operation === 'revokeVoucher' ? undefined : book.nextTurn(operation, id);
  const address = `/vouchers/${id}/${path}${n === undefined ? '' : `/${n}`}`;
  return [
    call('redemption', operation)(
      home,
      address,
      official('approver', home),
      { id, ...(n === undefined ? {} : { n }) },
      { reason: 'looked into' },
    ),
  ];
};

const redLetter = ({ book, random }: Steps): Call[] => {
  if (book.invoices.length === 0) return [];
  const invoice = random.pick(book.invoices);
  const digest = hash('sha256', invoice.number) as Sha256;
  const key = book.newId();
  const body = { amountFen: random.between(1, invoice.totalFen), issuedOn: book.today() };
  return [
    call('redemption', 'redLetterInvoice')(
      'G60',
      `/invoices/${digest}/red-letters/${key}`,
      official('reviewer', random.pick(book.town.cities)),
      { digest, id: key },
      body,
    ),
  ];
};

const registry = ({ book, random }: Steps): Call[] => {
  const lab = random.pick(book.town.labs);
  const id = `${lab.host}-provider-${lab.uscc}`;
  const n = (book.admissions.get(id) ?? 1) + 1;
  if (random.chance(0.12))
    return [
      call('registry', 'suspendProvider')(
        lab.host,
        `/providers/${id}/suspensions/${n}`,
        official('reviewer', lab.host),
        { id },
        { reason: 'complaint' },
      ),
    ];
  const open = book.sanctions.find(({ lifted }) => !lifted);
  if (open && random.chance(0.7)) {
    open.lifted = true;
    return [call('registry', 'liftSanction')('G60', `/sanctions/${open.id}/lifting`, official('joint-office', 'G60'), { id: open.id })];
  }
  if (random.chance(0.05)) {
    const sanction = `G60-sanction-${book.newId()}`;
    book.sanctions.push({ id: sanction, lifted: false });
    const { uscc } = random.pick(book.town.enterprises);
    return [
      call('registry', 'imposeSanction')(
        'G60',
        `/sanctions/${sanction}`,
        official('joint-office', 'G60'),
        { id: sanction },
        { uscc, reason: 'fraud', validFrom: book.today(), validUntil: addDays(book.today(), 6) },
      ),
    ];
  }
  book.admissions.set(id, n);
  return [admission(lab, n)];
};

const treasury = ({ book, random }: Steps): Call[] => {
  const [home, host] = [random.pick(book.town.cities), random.pick(book.town.cities)];
  if (random.chance(0.3)) return [appropriation(random.pick(book.town.pots), book.newId(), random.between(1, 40_000))];
  if (home === host) return [];
  const key = book.newId();
  if (random.chance(0.5)) return [deposit(home, host, key, random.between(1, 15_000))];
  return [
    call('clearing', 'withdrawPrefund')(
      host,
      `/pairs/${home}-${host}/withdrawals/${key}`,
      official('treasurer', host),
      { pair: `${home}-${host}`, id: key },
      { amountFen: random.between(1, 20_000) },
    ),
  ];
};

const rules = ({ book, random }: Steps): Call[] => {
  const [home, host] = [random.pick(book.town.cities), random.pick(book.town.cities)];
  const effectiveFrom = addDays(book.today(), random.between(1, 4));
  if (home !== host && random.chance(0.5)) {
    const versions = (book.row('clearing', 'G60', 'agreements', `${home}-${host}`)?.versions as Shown[] | undefined) ?? [];
    return [agreement(home, host, versions.length + 1, random.chance(0.6) ? 'host-fronted' : 'home-direct', effectiveFrom)];
  }
  const id = `${home}-policy-${book.newId()}`;
  const change: Partial<PolicyTerms> = {
    payeeMode: random.chance(0.7) ? 'lab-redeemed' : 'enterprise-refunded',
    capPerEnterpriseYearFen: random.between(70_000, 120_000) as PolicyTerms['capPerEnterpriseYearFen'],
  };
  return [
    call('issuance', 'publishPolicy')(
      home,
      `/policies/${id}`,
      official('policy-officer', home),
      { id },
      { effectiveFrom, terms: book.town.termsOf(home, change) },
    ),
  ];
};

/** A retry, or the same id for something else. */
const again = ({ book, random }: Steps): Call[] => {
  if (book.calls.length === 0) return [];
  const earlier = random.pick(random.chance(0.6) ? book.calls.slice(-15) : book.calls);
  return [random.chance(0.75) ? earlier : withOtherBody(earlier)];
};

const withOtherBody = (earlier: Call): Call => {
  const { body } = earlier;
  if (typeof body.reason === 'string') return { ...earlier, body: { ...body, reason: `${body.reason}, on second thoughts` } };
  if (typeof body.amountFen === 'number') return { ...earlier, body: { ...body, amountFen: body.amountFen + 1 } };
  return typeof body.baseFen === 'number' ? { ...earlier, body: { ...body, baseFen: body.baseFen + 1 } } : earlier;
};

/** The right thing by the wrong person. */
const wrong = (steps: Steps): Call[] => {
  const calls = orders(steps);
  const { random, book } = steps;
  return calls.map((one) => ({
    ...one,
    actor: random.chance(0.5)
      ? { ...one.actor, sub: official('reviewer', one.home, 2).sub }
      : official(random.pick(['reviewer', 'approver', 'payer', 'auditor'] as const), random.pick(book.town.cities)),
  }));
};
