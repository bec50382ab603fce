import { dateOf } from '@tongdui/calendar';
import {
  type ApplicationId,
  actsAs,
  type Category,
  enterpriseIdOf,
  type Fen,
  homeOf,
  type Instant,
  type Member,
  type Uscc,
} from '@tongdui/contracts';
import {
  type Answer,
  answered,
  asked,
  type CommonReason,
  outcomeWaitMs,
  type Request,
  refused,
  streamOf,
} from '@tongdui/decider/operation';
import type { Rows } from '@tongdui/runtime/service';
import type * as applications from './application.decider.ts';
import type { Funding } from './funding.ts';
import { type Handlers, policyStreamOf } from './handlers.ts';
import type { SanctionCopy } from './issuance.projection.ts';
import type { PartReason, PolicyInForce } from './issue.ts';
import { inForce } from './policy.decider.ts';

/** Beside what the application itself refuses: the reason of the part that could not be had. */
export type IssueReason = applications.Reason | PartReason;

type DraftInput = {
  readonly id: ApplicationId;
  readonly enterprise: Uscc;
  readonly requestedFen: Fen;
  readonly categories: readonly Category[];
  readonly purpose: string;
};

/** What an operation reads before it decides: its own streams, and the copy of the moment. */
const moment = ({ policy, application }: Handlers, rows: Pick<Rows, 'list'>) => {
  const policyOf = async (id: ApplicationId, at: Instant): Promise<PolicyInForce | undefined> =>
    inForce((await policy.current(policyStreamOf(homeOf(id)))).state, dateOf(at));

  const enterpriseOf = async (id: ApplicationId): Promise<Uscc | undefined> => {
    const { state } = await application.current(streamOf('issuance', id));
    return state.is === 'unknown' ? undefined : state.application.enterprise;
  };

  /** Sanctions are read from the copy of the moment, never pinned. */
  const isSanctioned = (uscc: Uscc | undefined, at: Instant): boolean => {
    const today = dateOf(at);
    const imposed = uscc === undefined ? [] : rows.list<SanctionCopy>('sanction-copies', { enterprise: uscc, status: 'imposed' });
    return imposed.some(({ validFrom, validUntil }) => validFrom <= today && today <= validUntil);
  };

  return { policyOf, enterpriseOf, isSanctioned };
};

const runner =
  ({ application }: Handlers) =>
  (id: ApplicationId, request: Request, command: applications.Command) =>
    application.run(streamOf('issuance', id), asked(request, command));

/** What the enterprise does itself. */
export const applying = (handlers: Handlers, rows: Pick<Rows, 'list'>) => {
  const run = runner(handlers);
  const { policyOf, enterpriseOf } = moment(handlers, rows);

  /** Why this person may not act for the enterprise that applied. */
  const notTheApplicant = async ({ actor }: Request, id: ApplicationId): Promise<CommonReason | undefined> => {
    if (!actor.roles.includes('enterprise')) return 'not-allowed';
    const applicant = await enterpriseOf(id);
    return applicant === undefined || applicant === actor.org ? undefined : 'foreign-organisation';
  };

  return {
    draftApplication: async (request: Request, { id, ...said }: DraftInput): Promise<Answer<applications.Reason>> => {
      const { actor, at } = request;
      if (!actor.roles.includes('enterprise')) return refused('not-allowed');
      if (actor.org !== said.enterprise) return refused('foreign-organisation');
      const drafted: applications.Application = { applicationId: id, home: memberOf(id), ...said };
      return answered(id, await run(id, request, { type: 'DraftApplication', application: drafted, by: actor.sub, at }));
    },

    submitApplication: async (request: Request, { id }: { id: ApplicationId }): Promise<Answer<applications.Reason>> => {
      const { actor, at } = request;
      const refusal = await notTheApplicant(request, id);
      if (refusal) return refused(refusal);
      return answered(id, await run(id, request, { type: 'SubmitApplication', policy: await policyOf(id, at), by: actor.sub, at }));
    },

    withdrawApplication: async (request: Request, { id }: { id: ApplicationId }): Promise<Answer<applications.Reason>> => {
      const { actor, at } = request;
      const refusal = await notTheApplicant(request, id);
      if (refusal) return refused(refusal);
      return answered(id, await run(id, request, { type: 'WithdrawApplication', by: actor.sub, at }));
    },
  };
};

/** What the city decides. */
export const deciding = (handlers: Handlers, rows: Pick<Rows, 'list'>) => {
  const { enterprise } = handlers;
  const run = runner(handlers);
  const outcomeOf = issueOutcome(handlers);
  const { policyOf, enterpriseOf, isSanctioned } = moment(handlers, rows);

  return {
    checkApplication: async (request: Request, { id }: { id: ApplicationId }): Promise<Answer<applications.Reason>> => {
      const { actor, at } = request;
      if (!actsAs(actor, 'reviewer', homeOf(id))) return refused('not-allowed');
      const applicant = await enterpriseOf(id);
      const known = applicant && (await enterprise.current(streamOf('issuance', enterpriseIdOf(homeOf(id), applicant)))).state;
      const command: applications.Command = {
        type: 'CheckApplication',
        policy: await policyOf(id, at),
        establishedOn: known?.is === 'registered' ? known.enterprise.establishedOn : undefined,
        sanctioned: isSanctioned(applicant, at),
        by: actor.sub,
        at,
      };
      return answered(id, await run(id, request, command));
    },

    approveApplication: async (
      request: Request,
      { id, faceFen, funding }: { id: ApplicationId; faceFen: Fen; funding: readonly Funding[] },
    ): Promise<Answer<IssueReason>> => {
      const { actor, at } = request;
      if (!actsAs(actor, 'approver', homeOf(id))) return refused('not-allowed');
      const sanctioned = isSanctioned(await enterpriseOf(id), at);
      const command: applications.Command = {
        type: 'ApproveApplication',
        faceFen,
        funding,
        policy: await policyOf(id, at),
        sanctioned,
        by: actor.sub,
        at,
      };
      return outcomeOf(id, await run(id, request, command), false);
    },

    approveApplicationAgain: async (request: Request, { id }: { id: ApplicationId }): Promise<Answer<IssueReason>> => {
      const { actor, at } = request;
      if (!actsAs(actor, 'approver', homeOf(id))) return refused('not-allowed');
      const sanctioned = isSanctioned(await enterpriseOf(id), at);
      const command: applications.Command = {
        type: 'ApproveApplicationAgain',
        policy: await policyOf(id, at),
        sanctioned,
        by: actor.sub,
        at,
      };
      return outcomeOf(id, await run(id, request, command), true);
    },

    rejectApplication: async (
      request: Request,
      { id, reason }: { id: ApplicationId; reason: string },
    ): Promise<Answer<applications.Reason>> => {
      const { actor, at } = request;
      if (!actsAs(actor, 'reviewer', homeOf(id)) && !actsAs(actor, 'approver', homeOf(id))) return refused('not-allowed');
      return answered(id, await run(id, request, { type: 'RejectApplication', reason, by: actor.sub, at }));
    },
  };
};

/** An approval that starts an issue is answered with its outcome; one that waits for another approver is simply recorded. */
const issueOutcome =
  ({ application }: Handlers) =>
  async (id: ApplicationId, ran: Awaited<ReturnType<ReturnType<typeof runner>>>, second: boolean): Promise<Answer<IssueReason>> => {
    if (ran.is === 'refused' || !('secondApproved' in ran.state) || ran.state.secondApproved !== second) return answered(id, ran);
    const { state, revision, position } = await application.until(streamOf('issuance', id), ({ is }) => is !== 'issuing', outcomeWaitMs);
    if (state.is === 'refused') return refused(state.reason);
    if (state.is === 'issuing') return { is: 'pending', id, revision, position };
    return { is: 'done', created: ran.facts.length > 0, id, revision, position };
  };

/** An application is accepted only under an id of a member city. */
const memberOf = (id: string): Member => homeOf(id) as string as Member;
