import { dateOf } from '@tongdui/calendar';
import {
  actsAs,
  type ClaimId,
  canonicalInvoiceNumber,
  corridorHome,
  type EvidenceKind,
  type Fen,
  type Home,
  homeOf,
  type LocalDate,
  type Member,
  type Role,
  type Sha256,
  type Uscc,
} from '@tongdui/contracts';
import { type Answer, answered, asked, outcomeWaitMs, type Request, refused, streamOf } from '@tongdui/decider/operation';
import type { Command, Reason } from './claim.decider.ts';
import type { Claim } from './claim.state.ts';
import type { Evidence } from './evidence.decider.ts';
import type { Handlers } from './handlers.ts';
import type { Reason as InvoiceReason } from './invoice.decider.ts';
import type { Copies } from './redemption.copies.ts';

/** A submission can also be refused for what its invoice says; closing from payable on for what the payment says. */
export type ClaimReason = Reason | InvoiceReason | 'evidence-unknown' | 'evidence-already-registered' | 'deadline-passed';

type Id = { readonly id: ClaimId };
type Reasoned = Id & { readonly reason: string };
type Ruled = Reasoned & { readonly ruling: 'dismissed' | 'upheld' };
type StatedInvoice = {
  readonly number: { readonly code?: string | null | undefined; readonly number: string };
  readonly issuedOn: LocalDate;
  readonly totalFen: Fen;
  readonly sliceFen: Fen;
  readonly seller: Uscc;
  readonly buyer: Uscc;
};

/** `digestOf`: lower-case hexadecimal SHA-256 of a text. */
export const claimOperations = (
  { claim, invoice, evidence }: Pick<Handlers, 'claim' | 'invoice' | 'evidence'>,
  copies: Copies,
  digestOf: (text: string) => Sha256,
) => {
  const streamFor = (id: ClaimId) => streamOf('redemption', id);
  const run = async (request: Request, id: ClaimId, command: Command): Promise<Answer<ClaimReason>> =>
    answered(id, await claim.run(streamFor(id), asked(request, command)));
  const claimOf = async (id: ClaimId): Promise<Claim | undefined> => {
    const { state } = await claim.current(streamFor(id));
    return state.is === 'none' ? undefined : state;
  };

  /** For an official of the claim's home (or, for the check, of its host). */
  const asOfficial = async (
    request: Request,
    id: ClaimId,
    role: Role,
    command: (by: string) => Command,
    city: (claim: Claim) => Member = (claim) => claim.home,
  ): Promise<Answer<ClaimReason>> => {
    const known = await claimOf(id);
    const { actor } = request;
    if (!known) return refused(actsAs(actor, role, homeOf(id)) ? 'claim-unknown' : 'not-allowed');
    if (!actsAs(actor, role, city(known))) return refused('not-allowed');
    return run(request, id, command(actor.sub));
  };

  /** As `asOfficial`, for a step that a risk of the moment holds up. */
  const atRisk = async (
    request: Request,
    id: ClaimId,
    role: Role,
    command: (by: string, risks: readonly string[]) => Command,
    city?: (claim: Claim) => Member,
  ): Promise<Answer<ClaimReason>> => {
    const known = await claimOf(id);
    const risks = known ? copies.risks(known, dateOf(request.at)) : [];
    return asOfficial(request, id, role, (by) => command(by, risks), city);
  };

  /** From payable on another stream has its say; waits a moment for it. */
  const closing = async (
    request: Request,
    id: ClaimId,
    command: (by: string) => Command,
    closed: Claim['status'],
  ): Promise<Answer<ClaimReason>> => {
    const asking = await asOfficial(request, id, 'approver', command);
    if (asking.is !== 'done') return asking;
    const { state, revision, position } = await claim.until(streamFor(id), (seen) => seen.is === 'claim' && !seen.closing, outcomeWaitMs);
    if (state.is === 'none' || state.closing) return { is: 'pending', id, revision, position };
    // What was closed may go on: the bank returns a payment whose clawback was written off. Who asks again is still told that it was done.
    if (state.status === closed || state.closingRefused === undefined) return { ...asking, revision, position };
    return refused(state.closingRefused as ClaimReason);
  };

  return {
    registerEvidence: async (
      request: Request,
      { id, ...described }: { id: string } & Pick<Evidence, 'sm3' | 'kind' | 'bytes' | 'mediaType'>,
    ): Promise<Answer<ClaimReason>> => {
      const { actor, at } = request;
      if (!actor.org) return refused('not-allowed');
      const home = homeOf(id) as string as Member;
      const file: Evidence = { home, sha256: id.slice(id.lastIndexOf('-') + 1), organisation: actor.org, ...described };
      return answered(id, await evidence.run(streamOf('redemption', id), asked(request, { ...file, type: 'RegisterEvidence', at })));
    },

    submitClaim: async (
      request: Request,
      { id, n, ...stated }: Id & { n: number; invoice: StatedInvoice; selfPaidFen: Fen; evidence: Sha256[] },
    ): Promise<Answer<ClaimReason>> => {
      const known = await claimOf(id);
      if (!known) return refused('claim-unknown');
      const { actor, at } = request;
      if (!actor.roles.includes(known.payee.kind)) return refused('not-allowed');
      if (actor.org !== known.payee.uscc) return refused('foreign-organisation');
      const kinds = await evidenceKinds(evidence, homeOf(id), stated.evidence);
      if (!kinds) return refused('evidence-unknown');
      const number = canonicalInvoiceNumber(stated.invoice.number);
      if (!number) throw new Error('an invoice number that the edge let through is not canonical');
      const made = { ...stated, n, by: actor.sub, invoice: { ...stated.invoice, number, digest: digestOf(number) } };
      const ran = await claim.run(
        streamFor(id),
        asked(request, {
          ...made,
          type: 'SubmitClaim',
          hasInvoiceEvidence: kinds.includes('invoice'),
          hasPaymentProof: kinds.includes('payment-proof'),
          at,
        }),
      );
      if (ran.is === 'refused') return ran;
      const attemptOf = (state: Awaited<ReturnType<typeof claim.current>>['state']) =>
        state.is === 'none' ? undefined : state.attempts.find((attempt) => attempt.n === n);
      const { state, revision, position } = await claim.until(
        streamFor(id),
        (seen) => attemptOf(seen)?.status !== 'pending',
        outcomeWaitMs,
      );
      const attempt = attemptOf(state);
      if (attempt?.status === 'refused') return refused(attempt.reason as ClaimReason);
      return attempt?.status === 'accepted'
        ? { is: 'done', created: !ran.repeated, id, revision, position }
        : { is: 'pending', id, revision, position };
    },

    checkClaim: async (request: Request, { id }: Id): Promise<Answer<ClaimReason>> => {
      // Only the claim says who its host is.
      if (!(await claimOf(id))) return refused('claim-unknown');
      return atRisk(
        request,
        id,
        'reviewer',
        (by, risks) => ({ type: 'CheckClaim', by, risks, at: request.at }),
        ({ host }) => host,
      );
    },
    sendBackClaim: (request: Request, { id, reason }: Reasoned) =>
      asOfficial(request, id, 'reviewer', (by) => ({ type: 'SendBack', by, reason, at: request.at })),
    holdClaim: (request: Request, { id, reason }: Reasoned) =>
      atRisk(request, id, 'reviewer', (by, risks) => ({ type: 'HoldClaim', by, reason, risks, at: request.at })),
    releaseHold: (request: Request, { id, ruling, reason }: Ruled) =>
      asOfficial(request, id, 'approver', (by) => ({
        type: ruling === 'upheld' ? 'UpholdHold' : 'DismissHold',
        by,
        reason,
        at: request.at,
      })),
    reviewClaim: (request: Request, { id, subsidyFen, selfPaidFen }: Id & { subsidyFen: Fen; selfPaidFen: Fen }) =>
      atRisk(request, id, 'reviewer', (by, risks) => ({ type: 'ReviewClaim', by, subsidyFen, selfPaidFen, risks, at: request.at })),
    openNotice: (request: Request, { id }: Id) =>
      atRisk(request, id, 'approver', (by, risks) => ({ type: 'OpenNotice', by, risks, at: request.at })),

    /** Anyone an open notice speaks to may object: organisations of any city, and reviewers of the home for the public. */
    raiseObjection: async (request: Request, { id, objection, reason }: Reasoned & { objection: string }): Promise<Answer<ClaimReason>> => {
      const { actor, at } = request;
      if (!actor.org && actor.city !== homeOf(id)) return refused('not-allowed');
      return run(request, id, { type: 'RaiseObjection', objection, by: actor.sub, reason, at });
    },
    ruleObjection: (request: Request, { id, objection, ruling, reason }: Ruled & { objection: string }) =>
      asOfficial(request, id, 'approver', (by) => ({
        type: ruling === 'upheld' ? 'UpholdObjection' : 'DismissObjection',
        objection,
        by,
        reason,
        at: request.at,
      })),

    rejectClaim: (request: Request, { id, reason }: Reasoned) =>
      closing(request, id, (by) => ({ type: 'RejectClaim', by, reason, at: request.at }), 'rejected'),
    clawBack: (request: Request, { id, reason }: Reasoned) =>
      asOfficial(request, id, 'approver', (by) => ({ type: 'ClawBack', by, reason, at: request.at })),
    writeOffClawback: (request: Request, { id, reason }: Reasoned) =>
      closing(request, id, (by) => ({ type: 'WriteOff', by, reason, at: request.at }), 'written-off'),

    /** For a reviewer of a home whose claim has, or had, a slice of the invoice. */
    redLetterInvoice: async (
      request: Request,
      { digest, id, amountFen, issuedOn }: { digest: Sha256; id: string; amountFen: Fen; issuedOn: LocalDate },
    ): Promise<Answer<ClaimReason>> => {
      const { actor, at } = request;
      if (!actor.roles.includes('reviewer')) return refused('not-allowed');
      const stream = `redemption.${corridorHome}.invoice-${digest}`;
      const { state } = await invoice.current(stream);
      if (!state.invoice) return refused('invoice-unknown');
      if (!state.slices.some(({ claimId }) => actsAs(actor, 'reviewer', homeOf(claimId)))) return refused('not-allowed');
      const command = { type: 'RedLetter', digest, redLetterId: id, amountFen, issuedOn, by: actor.sub, at } as const;
      return answered(digest, await invoice.run(stream, asked(request, command)));
    },
  };
};

/** What the files prove, or undefined when one of them was never registered at this home. */
const evidenceKinds = async (
  evidence: Handlers['evidence'],
  home: Home,
  digests: readonly Sha256[],
): Promise<EvidenceKind[] | undefined> => {
  const files = await Promise.all(digests.map((digest) => evidence.current(`redemption.${home}.evidence-${digest}`)));
  const kinds = files.flatMap(({ state }) => (state.is === 'registered' ? [state.kind] : []));
  return kinds.length === digests.length ? kinds : undefined;
};
