import { dateOf } from '@tongdui/calendar';
import {
  actsAs,
  type Fen,
  homeOf,
  type LocalDate,
  type Member,
  type OfferingId,
  type OrderId,
  type Sha256,
  type VoucherId,
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
import type { Handlers } from './handlers.ts';
import type { Command, Reason } from './order.decider.ts';
import type { ContractTerms, State } from './order.state.ts';
import type { Copies } from './redemption.copies.ts';
import type { Reason as VoucherReason } from './voucher.decider.ts';

/** A contract can also be refused for what its voucher says, or because the voucher was not reached in time. */
export type OrderReason = Reason | VoucherReason | 'deadline-passed';

type Id = { readonly id: OrderId };
type OnTime = { readonly acceptedOn: LocalDate; readonly actualBaseFen: Fen };

export const orderOperations = (
  { order, voucher }: Pick<Handlers, 'order' | 'voucher'>,
  copies: Copies,
  proposalValidDays: (home: Member, on: LocalDate) => number,
) => {
  const streamFor = (id: OrderId) => streamOf('redemption', id);
  const run = async (request: Request, id: OrderId, command: Command): Promise<Answer<OrderReason>> =>
    answered(id, await order.run(streamFor(id), asked(request, command)));

  /** The order, when this person's organisation is its enterprise or its lab. */
  const ofParty = async (
    request: Request,
    id: OrderId,
    party: 'enterprise' | 'lab',
  ): Promise<Exclude<State, { is: 'none' }> | { readonly is: 'refused'; readonly reason: OrderReason | CommonReason }> => {
    const { state } = await order.current(streamFor(id));
    if (state.is === 'none') return refused('order-unknown');
    if (!request.actor.roles.includes(party)) return refused('not-allowed');
    return request.actor.org === state[party] ? state : refused('foreign-organisation');
  };
  const asParty = async (request: Request, id: OrderId, party: 'enterprise' | 'lab', command: Command): Promise<Answer<OrderReason>> => {
    const known = await ofParty(request, id, party);
    return known.is === 'refused' ? known : run(request, id, command);
  };

  /** Runs a command whose outcome another stream decides, and waits a moment for it. */
  const coordinated = async (
    request: Request,
    id: OrderId,
    command: Command,
    outcome: (state: State) => 'pending' | 'done' | OrderReason,
  ): Promise<Answer<OrderReason>> => {
    const ran = await order.run(streamFor(id), asked(request, command));
    if (ran.is === 'refused') return ran;
    const { state, revision, position } = await order.until(streamFor(id), (seen) => outcome(seen) !== 'pending', outcomeWaitMs);
    const now = outcome(state);
    if (now === 'pending') return { is: 'pending', id, revision, position };
    return now === 'done' ? { is: 'done', created: !ran.repeated, id, revision, position } : refused(now);
  };

  return {
    proposeOrder: async (
      request: Request,
      { id, voucherId, offeringId }: Id & { voucherId: VoucherId; offeringId: OfferingId },
    ): Promise<Answer<OrderReason>> => {
      const { actor, at } = request;
      const home = homeOf(id) as string as Member;
      if (!actor.roles.includes('enterprise') || !actor.org) return refused('not-allowed');
      const offering = copies.offering(offeringId);
      const { state: opened } = await voucher.current(streamOf('redemption', voucherId));
      if (homeOf(voucherId) !== homeOf(id) || opened.is === 'none') return refused('voucher-unknown');
      if (!offering) return refused('offering-unknown');
      if (opened.enterprise !== actor.org) return refused('foreign-organisation');
      const { host, provider: lab, category } = offering;
      const obstacle = copies.obstacle(actor.org, opened.home, lab, category, dateOf(at));
      const proposal = { orderId: id, home, host, enterprise: actor.org, lab, voucherId, offeringId, category };
      return run(request, id, {
        ...proposal,
        type: 'ProposeOrder',
        validDays: proposalValidDays(home, dateOf(at)),
        ...(obstacle ? { obstacle } : {}),
        at,
      });
    },

    acceptOrder: (request: Request, { id }: Id) => asParty(request, id, 'lab', { type: 'AcceptByLab', at: request.at }),
    declineOrder: (request: Request, { id, reason }: Id & { reason: string }) =>
      asParty(request, id, 'lab', { type: 'Decline', reason, at: request.at }),

    submitContract: async (request: Request, { id, n, ...stated }: Id & { n: number } & ContractTerms): Promise<Answer<OrderReason>> => {
      const known = await ofParty(request, id, 'enterprise');
      if (known.is === 'refused') return known;
      const { at } = request;
      const command: Command = { ...stated, type: 'SubmitContract', contract: n, findings: copies.findings(known, dateOf(at)), at };
      return coordinated(request, id, command, (state) => {
        const attempt = state.is === 'none' ? undefined : state.attempts.find((candidate) => candidate.contract === n);
        if (attempt?.status === 'refused') return attempt.reason as OrderReason;
        return attempt?.status === 'registered' ? 'done' : 'pending';
      });
    },

    amendContract: async (
      request: Request,
      { id, n, baseFen, subsidyFen }: Id & { n: number; baseFen: Fen; subsidyFen: Fen },
    ): Promise<Answer<OrderReason>> => {
      const known = await ofParty(request, id, 'enterprise');
      if (known.is === 'refused') return known;
      const command: Command = { type: 'AmendContract', amendment: n, baseFen, subsidyFen, at: request.at };
      return coordinated(request, id, command, (state) =>
        'contract' in state && (state.contract?.amendments ?? 0) >= n ? 'done' : 'pending',
      );
    },

    deliver: (request: Request, { id, deliveredOn, deliverableDigest }: Id & { deliveredOn: LocalDate; deliverableDigest: Sha256 }) =>
      asParty(request, id, 'lab', { type: 'Deliver', deliveredOn, deliverableDigest, at: request.at }),

    /** The redemption itself: the voucher turns the actual subsidy from reserved into redeemed, and the claim is awaited. */
    acceptDelivery: async (request: Request, { id, acceptedOn, actualBaseFen }: Id & OnTime): Promise<Answer<OrderReason>> => {
      const known = await ofParty(request, id, 'enterprise');
      if (known.is === 'refused') return known;
      return coordinated(request, id, { type: 'AcceptDelivery', acceptedOn, actualBaseFen, at: request.at }, redeemed);
    },

    decideDelivery: async (
      request: Request,
      { id, ...decided }: Id & ({ decision: 'refused'; reason: string } | ({ decision: 'accepted'; reason: string } & OnTime)),
    ): Promise<Answer<OrderReason>> => {
      const { actor, at } = request;
      if (!actsAs(actor, 'reviewer', homeOf(id))) return refused('not-allowed');
      const acceptance =
        decided.decision === 'accepted' ? { acceptance: { acceptedOn: decided.acceptedOn, actualBaseFen: decided.actualBaseFen } } : {};
      return coordinated(request, id, { type: 'DecideDelivery', ...acceptance, reason: decided.reason, by: actor.sub, at }, redeemed);
    },

    cancelOrder: (request: Request, { id, reason }: Id & { reason: string }) =>
      asParty(request, id, 'enterprise', { type: 'Cancel', reason, at: request.at }),
  };
};

const redeemed = (state: State) => (state.is === 'accepting' ? 'pending' : 'done');
