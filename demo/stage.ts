import { hash } from 'node:crypto';
import { bookHomeOf, type CommandRoute, type Home, type Member, type Party, type ProblemDetails } from '@tongdui/contracts';
import { type Client, client, type Reply, type Sent } from '@tongdui/development/client';
import type { System } from '@tongdui/development/system';
import type { z } from 'zod';
import { cityOf, usccOf } from './cities.ts';
import type { Application, Data, Enterprise, Offering, Order } from './data.ts';
import { type Agreement, isFronted, type Policy, termsOf } from './rules.ts';

/** What the actors know, and the record of what they did. */
export type Stage = {
  readonly system: System;
  readonly api: Client;
  readonly data: Data;
  /** Acknowledged commands, each once: what an auditor will look for. */
  readonly acknowledged: Sent[];
  /** Refusals that belong to a story, by reason. */
  readonly refusals: Map<string, number>;
  /** Answers nobody reckoned with. */
  readonly unexpected: string[];
  commands(): number;
  /** Does something that must succeed, or must be refused for the one reason given. */
  act<Params extends z.ZodRawShape, Body extends z.ZodType>(
    route: CommandRoute<Params, Body>,
    params: { readonly [Name in keyof Params]: string },
    body: z.input<Body>,
    person: string,
    expected?: Expected,
  ): Promise<Reply>;
  orderOf(order: Order): OrderParts;
};

type Expected = {
  readonly refusedFor?: string;
  /** A 202 is enough: what it waits for comes on another day. */
  readonly mayWait?: boolean;
};

/** An order with what it refers to. */
export type OrderParts = {
  readonly order: Order;
  readonly home: Member;
  readonly host: Member;
  readonly enterprise: Enterprise;
  readonly application: Application;
  readonly offering: Offering;
  readonly terms: Policy['terms'];
  readonly route: Agreement['route'];
  readonly payer: Member;
  readonly claimId: string;
  readonly paymentId: string;
  readonly people: { readonly enterprise: string; readonly lab: string; readonly payee: string };
};

/** People by office and city; numbers keep those apart who must not be one person. */
export const officer = (office: string, city: Home | Member | Party | string): string => `${office}.${city}`;
export const jointOffice = officer('joint-office-1', 'G60');
export const corridorAuditor = officer('auditor', 'G60');
export const treasurerOf = (party: string): string => officer('treasurer', bookHomeOf(party as Party));

export const stageOf = (system: System, data: Data): Stage => {
  const acknowledged: Sent[] = [];
  const refusals = new Map<string, number>();
  const unexpected: string[] = [];
  let commands = 0;
  const api = client(system, {
    actsOnLists: (person) => !/^(enterprise|lab)\./.test(person),
    onCommand: (sent) => {
      commands += 1;
      if (sent.reply.ok) acknowledged.push(sent);
    },
  });
  const enterprises = new Map(data.enterprises.map((enterprise) => [enterprise.enterprise as string, enterprise]));
  const applications = new Map(data.applications.map((application) => [application.application as string, application]));
  const offerings = new Map(data.offerings.map((offering) => [offering.offering as string, offering]));
  const parts = new Map<string, OrderParts>();

  const act: Stage['act'] = async (route, params, body, person, expected = {}) => {
    const reply = await api.run(route, params, body, person, { untilDecided: !expected.mayWait });
    const problem = problemOf(reply, expected);
    if (!problem && !reply.ok) refusals.set(reply.code, (refusals.get(reply.code) ?? 0) + 1);
    if (problem) unexpected.push(`${route.operation} ${Object.values(params).join(' ')} by ${person}: ${problem}`);
    return reply;
  };

  const partsOf = (order: Order): OrderParts => {
    const application = needed(applications, order.application);
    const offering = needed(offerings, order.offering);
    const enterprise = needed(enterprises, application.enterprise);
    const home = cityOf(order.order);
    const host = cityOf(offering.offering);
    const terms = termsOf(data, home);
    const route = isFronted(data, home, host) ? 'host-fronted' : 'home-direct';
    const payer = route === 'host-fronted' ? host : home;
    const key = `${order.order.slice(-26)}-1`;
    const enterprisePerson = officer('enterprise', `${home}.${usccOf(enterprise.enterprise)}`);
    const labPerson = officer('lab', `${host}.${usccOf(offering.provider)}`);
    return {
      order,
      home,
      host,
      enterprise,
      application,
      offering,
      terms,
      route,
      payer,
      claimId: `${home}-claim-${key}`,
      paymentId: `${payer}-payment-${key}`,
      people: { enterprise: enterprisePerson, lab: labPerson, payee: terms.payeeMode === 'lab-redeemed' ? labPerson : enterprisePerson },
    };
  };

  return {
    system,
    api,
    data,
    acknowledged,
    refusals,
    unexpected,
    commands: () => commands,
    act,
    orderOf: (order) => {
      const known = parts.get(order.order) ?? partsOf(order);
      parts.set(order.order, known);
      return known;
    },
  };
};

const problemOf = (reply: Reply, { refusedFor, mayWait }: Expected): string | undefined => {
  if (refusedFor !== undefined) {
    if (reply.ok) return `was accepted (${reply.status}) but should be refused for ${refusedFor}`;
    return reply.code === refusedFor ? undefined : `was refused for ${reply.code} instead of ${refusedFor}`;
  }
  if (reply.ok) return reply.status === 202 && !mayWait ? 'is still undecided' : undefined;
  const { en, detail, issues } = (reply.body ?? {}) as Partial<ProblemDetails>;
  return `${reply.status} ${reply.code}: ${en ?? ''} ${detail ?? ''} ${issues ? JSON.stringify(issues) : ''}`.trim();
};

const needed = <Item>(items: ReadonlyMap<string, Item>, id: string): Item => {
  const item = items.get(id);
  if (item === undefined) throw new Error(`the data has no ${id}`);
  return item;
};

/** Digests of files that exist only in this story. */
export const sha256 = (text: string): string => hash('sha256', text, 'hex');
export const sm3 = (text: string): string => hash('sm3', text, 'hex');
