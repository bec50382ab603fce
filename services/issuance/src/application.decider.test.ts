import type { PolicyTerms, VoucherId } from '@tongdui/contracts';
import { given, history } from '@tongdui/decider/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Application, application, type Command, type Fact, type Reason } from './application.decider.ts';
import { applicationId, at, bpsOf, day, enterprise, fenOf, ownedBy, policyId, potId, songjiang, terms } from './issuance.fixtures.ts';
import type { Issue } from './issue.ts';

const wanted: Application = {
  applicationId: applicationId(1),
  home: songjiang,
  enterprise,
  requestedFen: fenOf(600_000),
  categories: ['testing'],
  purpose: '新材料力学性能检测',
};
const policyWith = (more: Partial<PolicyTerms> = {}) => ({ policyId: policyId(1), terms: { ...terms, ...more } });
const policy = policyWith();
const funding = [{ potId: potId(1), bps: bpsOf(10_000) }];
const voucherId = `${songjiang}-voucher-01J00000000000000000000001` as VoucherId;
const owners = [{ potId: potId(1), owner: ownedBy(songjiang), fiscalYear: 2026 }];

const draft: Command = { type: 'DraftApplication', application: wanted, by: 'applicant', at };
const submit: Command = { type: 'SubmitApplication', policy, by: 'applicant', at };
const check: Command = { type: 'CheckApplication', policy, establishedOn: day('2020-01-01'), sanctioned: false, by: 'checker', at };
const approve: Command = { type: 'ApproveApplication', faceFen: fenOf(500_000), funding, policy, sanctioned: false, by: 'approver', at };
const approveMore: Command = { ...approve, faceFen: fenOf(500_001) };
const approveAgain: Command = { type: 'ApproveApplicationAgain', policy, sanctioned: false, by: 'second', at };
const reject: Command = { type: 'RejectApplication', reason: '材料不实', by: 'checker', at };
const withdraw: Command = { type: 'WithdrawApplication', by: 'applicant', at };
const issueVoucher: Command = { type: 'IssueVoucher', voucherId, owners, at };
const refuseIssue: Command = { type: 'RefuseIssue', reason: 'pot-short', at };
const confirmRelease: Command = { type: 'ConfirmRelease', at };

const issueOfFace = (face: number): Issue => ({
  applicationId: applicationId(1),
  home: songjiang,
  enterprise,
  faceFen: fenOf(face),
  funding: [{ potId: potId(1), bps: bpsOf(10_000), amountFen: fenOf(face) }],
  policyId: policyId(1),
  capFen: fenOf(1_000_000),
  year: 2026,
  issuedOn: day('2026-03-02'),
  expiresOn: day('2027-03-02'),
  dueAt: '2026-03-02T02:10:00.000Z' as Issue['dueAt'],
});
const issue = issueOfFace(500_000);
const drafted: Fact = { type: 'ApplicationDrafted', application: wanted, by: 'applicant', at };
const submitted: Fact = { type: 'ApplicationSubmitted', decideBy: day('2026-03-16'), by: 'applicant', at };
const checked: Fact = { type: 'ApplicationChecked', by: 'checker', at };
const approvedFor = (face: number, secondApprovalNeeded: boolean): Fact => ({
  type: 'ApplicationApproved',
  faceFen: fenOf(face),
  funding: [{ potId: potId(1), bps: bpsOf(10_000), amountFen: fenOf(face) }],
  secondApprovalNeeded,
  by: 'approver',
  at,
});
const issueWanted: Fact = { type: 'IssueWanted', issue, at };
const issued: Fact = {
  type: 'VoucherIssued',
  issue,
  voucherId,
  slices: [{ potId: potId(1), owner: ownedBy(songjiang), fiscalYear: 2026, amountFen: fenOf(500_000) }],
  at,
};
const issueRefused: Fact = { type: 'IssueRefused', issue, reason: 'pot-short', at };
const partsReleased: Fact = { type: 'PartsReleased', at };
const rejected: Fact = { type: 'ApplicationRejected', reason: '材料不实', by: 'checker', at };
const withdrawn: Fact = { type: 'ApplicationWithdrawn', by: 'applicant', at };

const untilSubmitted = [drafted, submitted];
const untilChecked = [...untilSubmitted, checked];
const untilApproved = [...untilChecked, approvedFor(500_001, true)];
const untilIssuing = [...untilChecked, approvedFor(500_000, false), issueWanted];

describe('an application', () => {
  test.each<[string, Fact[], Command, Fact[]]>([
    ['is drafted', [], draft, [drafted]],
    ['is submitted, to be decided by a working day of the policy', [drafted], submit, [submitted]],
    ['is checked', untilSubmitted, check, [checked]],
    ['is checked for an enterprise that is just old enough', untilSubmitted, { ...check, establishedOn: day('2025-03-02') }, [checked]],
    ['is approved, which wants the issue at once', untilChecked, approve, [approvedFor(500_000, false), issueWanted]],
    ['waits for a second approval above the limit of the policy', untilChecked, approveMore, [approvedFor(500_001, true)]],
    [
      'is approved again, which wants the issue',
      untilApproved,
      approveAgain,
      [
        { type: 'ApplicationApprovedAgain', by: 'second', at },
        { type: 'IssueWanted', issue: issueOfFace(500_001), at },
      ],
    ],
    ['is issued with what the pots said of themselves', untilIssuing, issueVoucher, [issued]],
    ['is issued once', [...untilIssuing, issued], issueVoucher, []],
    ['stays issued when a refusal is reported late', [...untilIssuing, issued], refuseIssue, []],
    ['is refused for the reason of a part', untilIssuing, refuseIssue, [issueRefused]],
    ['is refused once', [...untilIssuing, issueRefused], refuseIssue, []],
    ['stays refused when an issue is reported late', [...untilIssuing, issueRefused], issueVoucher, []],
    ['is done with when every part was released', [...untilIssuing, issueRefused], confirmRelease, [partsReleased]],
    ['is done with once', [...untilIssuing, issueRefused, partsReleased], confirmRelease, []],
    ['is rejected before its check', untilSubmitted, reject, [rejected]],
    ['is rejected after its check', untilChecked, reject, [rejected]],
    ['is rejected while it waits for a second approval', untilApproved, reject, [rejected]],
    ['is withdrawn as a draft', [drafted], withdraw, [withdrawn]],
    ['is withdrawn after its check', untilChecked, withdraw, [withdrawn]],
  ])('%s', (_, past, command, facts) => {
    expect(given(application, ...past).when(command)).toEqual({ accepted: true, facts });
  });

  test.each<[Reason, Fact[], Command]>([
    ['application-exists', [drafted], draft],
    ['application-unknown', [], submit],
    ['application-unknown', [], refuseIssue],
    ['application-not-draft', untilSubmitted, submit],
    ['application-not-submitted', [drafted], check],
    ['application-not-submitted', [drafted], reject],
    ['application-not-checked', untilSubmitted, approve],
    ['application-awaits-no-second-approval', untilChecked, approveAgain],
    ['application-awaits-no-second-approval', untilIssuing, approveAgain],
    ['application-already-decided', [...untilSubmitted, rejected], reject],
    ['application-already-decided', untilIssuing, reject],
    ['application-already-decided', untilApproved, withdraw],
    ['application-already-decided', [...untilIssuing, issued], withdraw],
    ['not-a-distinct-person', untilSubmitted, { ...check, by: 'applicant' }],
    ['not-a-distinct-person', untilSubmitted, { ...reject, by: 'applicant' }],
    ['not-a-distinct-person', untilChecked, { ...approve, by: 'applicant' }],
    ['not-a-distinct-person', untilChecked, { ...approve, by: 'checker' }],
    ['not-a-distinct-person', untilApproved, { ...approveAgain, by: 'approver' }],
    ['not-a-distinct-person', untilApproved, { ...approveAgain, by: 'checker' }],
    ['not-a-distinct-person', untilApproved, { ...approveAgain, by: 'applicant' }],
    ['no-policy-in-force', [drafted], { ...submit, policy: undefined }],
    ['no-policy-in-force', untilSubmitted, { ...check, policy: undefined }],
    ['no-policy-in-force', untilChecked, { ...approve, policy: undefined }],
    ['no-policy-in-force', untilApproved, { ...approveAgain, policy: undefined }],
    ['enterprise-not-registered', untilSubmitted, { ...check, establishedOn: undefined }],
    ['enterprise-too-young', untilSubmitted, { ...check, establishedOn: day('2025-03-03') }],
    ['enterprise-sanctioned', untilSubmitted, { ...check, sanctioned: true }],
    ['enterprise-sanctioned', untilChecked, { ...approve, sanctioned: true }],
    ['enterprise-sanctioned', untilApproved, { ...approveAgain, sanctioned: true }],
    ['face-above-request', untilChecked, { ...approve, faceFen: fenOf(600_001) }],
    ['pot-named-twice', untilChecked, { ...approve, funding: [...funding, ...funding] }],
    ['funding-not-whole', untilChecked, { ...approve, funding: [{ potId: potId(1), bps: bpsOf(9_999) }] }],
    ['pot-would-give-nothing', untilChecked, { ...approve, funding: [...funding, { potId: potId(2), bps: bpsOf(0) }] }],
    ['application-not-issuing', untilChecked, issueVoucher],
    ['application-not-issuing', untilIssuing, confirmRelease],
    ['pot-without-owner', untilIssuing, { ...issueVoucher, owners: [] }],
  ])('refuses: %s', (reason, past, command) => {
    expect(given(application, ...past).when(command)).toEqual({ accepted: false, reason });
  });

  const people = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const anyCommand: fc.Arbitrary<Command> = fc.oneof(
    people.map((by): Command => ({ ...draft, by })),
    people.map((by): Command => ({ ...submit, by })),
    people.map((by): Command => ({ ...check, by })),
    fc.tuple(people, fc.constantFrom(approve, approveMore)).map(([by, command]): Command => ({ ...command, by })),
    people.map((by): Command => ({ ...approveAgain, by })),
    fc.constantFrom(reject, withdraw, refuseIssue, confirmRelease, issueVoucher),
  );
  // Mostly in the order of the flow, so that many runs reach a voucher; each step may also be anything.
  const someHistory = fc
    .tuple(
      ...[draft, submit, check, approveMore, approveAgain, issueVoucher].map((usual) =>
        fc.oneof(
          { weight: 6, arbitrary: people.map((by): Command => ('by' in usual ? { ...usual, by } : usual)) },
          { weight: 1, arbitrary: anyCommand },
        ),
      ),
    )
    .chain((flow) => fc.array(anyCommand, { maxLength: 6 }).map((rest) => [...flow, ...rest]));

  test('never lets one person act twice, and gives out its face exactly once', () => {
    fc.assert(
      fc.property(someHistory, (commands) => {
        const { facts } = history(application, commands);
        const officers = facts.flatMap((fact) =>
          fact.type === 'ApplicationChecked' || fact.type === 'ApplicationApproved' || fact.type === 'ApplicationApprovedAgain'
            ? [fact.by]
            : [],
        );
        const applicants = facts.flatMap((fact) =>
          fact.type === 'ApplicationDrafted' || fact.type === 'ApplicationSubmitted' ? [fact.by] : [],
        );
        expect(new Set(officers).size).toBe(officers.length);
        expect(officers.filter((by) => applicants.includes(by))).toEqual([]);
        const outcomes = facts.filter(({ type }) => type === 'VoucherIssued' || type === 'IssueRefused');
        expect(outcomes.length).toBeLessThanOrEqual(1);
        for (const fact of facts) {
          if (fact.type !== 'VoucherIssued') continue;
          expect(fact.slices.reduce((sum, { amountFen }) => sum + amountFen, 0)).toBe(fact.issue.faceFen);
          if (fact.issue.faceFen > terms.secondApprovalAboveFen) expect(officers).toHaveLength(3);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('records nothing when a process reports its outcome again', () => {
    const reports = fc.array(fc.constantFrom(issueVoucher, refuseIssue, confirmRelease), { maxLength: 8 });
    fc.assert(
      fc.property(reports, (commands) => {
        let facts: readonly Fact[] = untilIssuing;
        for (const command of commands) {
          const { state } = given(application, ...facts);
          const decision = application.decide(command, state);
          if (!decision.accepted) continue;
          facts = [...facts, ...decision.facts];
          expect(given(application, ...facts).when(command)).toEqual({ accepted: true, facts: [] });
        }
      }),
    );
  });
});
