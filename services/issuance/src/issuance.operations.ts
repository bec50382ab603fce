import {
  actsAs,
  bookHomeOf,
  type EnterpriseId,
  type Fen,
  homeOf,
  type LocalDate,
  type Member,
  type PolicyId,
  type PolicyTerms,
  type PotId,
  type Uscc,
} from '@tongdui/contracts';
import { type Answer, answered, asked, type Request, refused, streamOf } from '@tongdui/decider/operation';
import type { Rows } from '@tongdui/runtime/service';
import { applying, deciding } from './application.operations.ts';
import type * as enterprises from './enterprise.decider.ts';
import { type Handlers, policyStreamOf } from './handlers.ts';
import type * as policies from './policy.decider.ts';
import type * as pots from './pot.decider.ts';

export type PotReason = pots.Reason | 'owner-of-another-city';

export type Operations = ReturnType<typeof operations>;

export const operations = (handlers: Handlers, rows: Pick<Rows, 'list'>) => ({
  ...setUp(handlers),
  ...applying(handlers, rows),
  ...deciding(handlers, rows),
});

/** What a city prepares before anyone can apply. */
const setUp = ({ policy, enterprise, pot }: Handlers) => ({
  publishPolicy: async (
    request: Request,
    { id, effectiveFrom, terms }: { id: PolicyId; effectiveFrom: LocalDate; terms: PolicyTerms },
  ): Promise<Answer<policies.Reason>> => {
    const { actor, at } = request;
    if (!actsAs(actor, 'policy-officer', homeOf(id))) return refused('not-allowed');
    const command: policies.Command = { type: 'PublishPolicy', policyId: id, home: memberOf(id), effectiveFrom, terms, by: actor.sub, at };
    return answered(id, await policy.run(policyStreamOf(homeOf(id)), asked(request, command)));
  },

  registerEnterprise: async (
    request: Request,
    input: { id: EnterpriseId; controllerGroup?: string | undefined } & Pick<enterprises.Enterprise, 'name' | 'establishedOn' | 'account'>,
  ): Promise<Answer<enterprises.Reason>> => {
    const { actor, at } = request;
    const { id, name, establishedOn, controllerGroup, account } = input;
    if (!actsAs(actor, 'reviewer', homeOf(id))) return refused('not-allowed');
    const registered: enterprises.Enterprise = {
      uscc: id.slice(-18) as Uscc,
      home: memberOf(id),
      name,
      establishedOn,
      ...(controllerGroup === undefined ? {} : { controllerGroup }),
      account,
    };
    const command: enterprises.Command = { type: 'RegisterEnterprise', enterprise: registered, by: actor.sub, at };
    return answered(id, await enterprise.run(streamOf('issuance', id), asked(request, command)));
  },

  openPot: async (
    request: Request,
    { id, owner, fiscalYear, name, openTo }: { id: PotId } & Pick<pots.Pot, 'owner' | 'fiscalYear' | 'name' | 'openTo'>,
  ): Promise<Answer<PotReason>> => {
    const { actor, at } = request;
    if (!actsAs(actor, 'budget-officer', homeOf(id))) return refused('not-allowed');
    // The city that keeps the owner's book is the one that may promise its money.
    if (bookHomeOf(owner) !== homeOf(id)) return refused('owner-of-another-city');
    const opened: pots.Pot = { potId: id, home: memberOf(id), owner, fiscalYear, name, openTo };
    return answered(id, await pot.run(streamOf('issuance', id), asked(request, { type: 'OpenPot', pot: opened, by: actor.sub, at })));
  },

  appropriateToPot: async (
    request: Request,
    { id, appropriationId, amountFen }: { id: PotId; appropriationId: string; amountFen: Fen },
  ): Promise<Answer<PotReason>> => {
    const { actor, at } = request;
    if (!actsAs(actor, 'budget-officer', homeOf(id))) return refused('not-allowed');
    const command: pots.Command = { type: 'AppropriateToPot', appropriationId, amountFen, by: actor.sub, at };
    return answered(id, await pot.run(streamOf('issuance', id), asked(request, command)));
  },
});

/** Ids of these kinds are accepted only with a member city as their home. */
const memberOf = (id: string): Member => homeOf(id) as string as Member;
