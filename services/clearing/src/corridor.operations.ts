import {
  type Actor,
  type AgreementId,
  type AgreementView,
  actsAs,
  type CycleMonth,
  type CycleTerms,
  corridorHome,
  type Member,
  members,
  partiesOf,
  type TransferId,
} from '@tongdui/contracts';
import type { Handler } from '@tongdui/decider/handle';
import { type Answer, answered, asked, type Request, refused } from '@tongdui/decider/operation';
import type { Rows } from '@tongdui/runtime/service';
import type * as agreements from './agreement.decider.ts';
import type * as cycles from './cycle.decider.ts';
import { agreementStream, cycleStream } from './streams.ts';

export type AgreementHandler = Handler<agreements.Command, agreements.State, agreements.Fact, agreements.Reason>;
export type CycleHandler = Handler<cycles.Command, cycles.State, cycles.Fact, cycles.Reason>;

/** Beside the cycle's own reasons: only the first cycle is opened by hand. */
export type CycleReason = cycles.Reason | 'cycle-not-first';

type OfCycle = { readonly cycle: CycleMonth };
type Version = Omit<AgreementView['versions'][number], 'version' | 'publishedAt'>;

/** What the joint office decides at the corridor, and what treasurers of payers and receivers record of the transfers. */
export const corridorOperations = (handlers: { readonly agreement: AgreementHandler; readonly cycle: CycleHandler }, rows: Rows) => {
  const run = async (request: Request, cycle: CycleMonth, command: cycles.Command): Promise<Answer<cycles.Reason>> =>
    answered(cycle, await handlers.cycle.run(cycleStream(cycle), asked(request, command)));
  const byJointOffice = async (request: Request, cycle: CycleMonth, command: cycles.Command): Promise<Answer<cycles.Reason>> =>
    isJointOffice(request.actor) ? run(request, cycle, command) : refused('not-allowed');

  return {
    publishAgreement: async (
      request: Request,
      { agreement, n, ...version }: Version & { agreement: AgreementId; n: number },
    ): Promise<Answer<agreements.Reason>> => {
      if (!isJointOffice(request.actor)) return refused('not-allowed');
      // The parties of an agreement were parsed as members: the first is the home, the second the host.
      const { debtor, creditor } = partiesOf(agreement);
      const [home, host] = [debtor as string as Member, creditor as string as Member];
      const command: agreements.Command = { type: 'PublishVersion', home, host, version: n, ...version, at: request.at };
      return answered(agreement, await handlers.agreement.run(agreementStream(agreement), asked(request, command)));
    },

    openCycle: async (request: Request, { cycle, terms }: OfCycle & { terms: CycleTerms }): Promise<Answer<CycleReason>> => {
      if (!isJointOffice(request.actor)) return refused('not-allowed');
      if (!rows.get('cycles', cycle) && rows.list('cycles', { limit: 1 }).length > 0) return refused('cycle-not-first');
      return run(request, cycle, { type: 'OpenCycle', cycle, terms, members, at: request.at });
    },

    netCycle: (request: Request, { cycle }: OfCycle) => byJointOffice(request, cycle, { type: 'NetCycle', at: request.at }),
    noticeCycle: (request: Request, { cycle }: OfCycle) => byJointOffice(request, cycle, { type: 'NoticeCycle', at: request.at }),
    reconcileCycle: (request: Request, { cycle }: OfCycle) => byJointOffice(request, cycle, { type: 'ReconcileCycle', at: request.at }),

    sendTransfer: async (request: Request, { cycle, id }: OfCycle & { id: TransferId }): Promise<Answer<cycles.Reason>> =>
      actsAs(request.actor, 'treasurer', transferParties(id).payer)
        ? run(request, cycle, { type: 'SendTransfer', transferId: id, at: request.at })
        : refused('not-allowed'),

    receiveTransfer: async (request: Request, { cycle, id }: OfCycle & { id: TransferId }): Promise<Answer<cycles.Reason>> =>
      actsAs(request.actor, 'treasurer', transferParties(id).receiver)
        ? run(request, cycle, { type: 'ReceiveTransfer', transferId: id, at: request.at })
        : refused('not-allowed'),
  };
};

const isJointOffice = (actor: Actor): boolean => actsAs(actor, 'joint-office', corridorHome);

/** `<yyyymm>-<payer>-<receiver>` says who may record its steps. */
const transferParties = (id: TransferId): { readonly payer: Member; readonly receiver: Member } => {
  const [, payer, receiver] = id.split('-');
  return { payer: payer as Member, receiver: receiver as Member };
};
