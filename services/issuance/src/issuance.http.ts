import { issuanceCommands, issuanceNouns } from '@tongdui/contracts';
import { commandRoute, type Endpoint, nounRoutes, type Problem } from '@tongdui/runtime';
import type { Reason as ApplicationReason } from './application.decider.ts';
import type { IssueReason } from './application.operations.ts';
import type { Reason as EnterpriseReason } from './enterprise.decider.ts';
import type { Operations, PotReason } from './issuance.operations.ts';
import type { PartReason } from './issue.ts';
import type { Reason as PolicyReason } from './policy.decider.ts';

const policyProblems: Record<PolicyReason, Problem> = {
  'policy-exists': { status: 409, zh: '该政策版本已发布', en: 'This version is published already: publish a new one under a new id' },
  'policy-takes-effect-too-early': {
    status: 409,
    zh: '政策最早于发布次日生效',
    en: 'A version takes effect the day after its publication at the earliest: give a later day',
  },
  'policy-not-after-the-previous': {
    status: 409,
    zh: '生效日期须晚于上一版本',
    en: 'A version takes effect after the one before it: give a later day',
  },
};

const enterpriseProblems: Record<EnterpriseReason, Problem> = {
  'enterprise-exists': { status: 409, zh: '该企业已在本市登记', en: 'This enterprise is registered here already' },
  'enterprise-not-established-yet': { status: 422, zh: '成立日期晚于今天', en: 'The day of establishment lies in the future: correct it' },
};

const potProblems: Record<PotReason, Problem> = {
  'pot-exists': { status: 409, zh: '该资金池已设立', en: 'This pot is open already' },
  'pot-unknown': { status: 404, zh: '没有该资金池', en: 'There is no such pot: open it first' },
  'owner-of-another-city': {
    status: 409,
    zh: '该资金归属方由其他城市代管',
    en: 'Another city keeps the book of this owner: open the pot there',
  },
  'appropriation-reused': {
    status: 409,
    zh: '该拨付编号已用于其他金额',
    en: 'This appropriation was recorded with another amount: use a new id',
  },
  'appropriation-too-large': {
    status: 422,
    zh: '资金池总额超过系统上限',
    en: 'The pot would exceed the largest amount that can be recorded',
  },
  'commitment-released': { status: 409, zh: '该申请占用的额度已释放', en: 'What this application had committed was released' },
  'commitment-differs': { status: 409, zh: '该申请已占用其他金额', en: 'This application has committed another amount' },
  'pot-not-open-to-city': { status: 409, zh: '资金池未对该城市开放', en: 'The pot is not open to this city: name another pot' },
  'pot-of-another-year': {
    status: 409,
    zh: '资金池不属于本财政年度',
    en: 'The pot belongs to another fiscal year: name a pot of this year',
  },
  'pot-short': { status: 409, zh: '资金池余额不足', en: 'The pot has not enough left: name another pot or a lower amount' },
  'more-returned-than-committed': { status: 409, zh: '退回金额超过已占用金额', en: 'More would come back than was committed' },
};

/** After one of these the application is rejected: the enterprise applies again. */
const partProblems: Record<PartReason, Problem> = {
  'allowance-short': {
    status: 409,
    zh: '企业年度额度不足，申请已驳回，请调整金额后重新申请',
    en: 'The enterprise has not enough allowance left this year; the application is rejected: apply again for less',
  },
  'pot-unknown': {
    status: 404,
    zh: '资金池不存在，申请已驳回，请重新申请',
    en: 'There is no such pot; the application is rejected: apply again',
  },
  'pot-not-open-to-city': {
    status: 409,
    zh: '资金池未对本市开放，申请已驳回，请重新申请',
    en: 'A pot is not open to this city; the application is rejected: apply again',
  },
  'pot-of-another-year': {
    status: 409,
    zh: '资金池不属于本财政年度，申请已驳回，请重新申请',
    en: 'A pot belongs to another fiscal year; the application is rejected: apply again',
  },
  'pot-short': {
    status: 409,
    zh: '资金池余额不足，申请已驳回，请重新申请',
    en: 'A pot has not enough left; the application is rejected: apply again',
  },
  'deadline-passed': {
    status: 409,
    zh: '资金池未能在期限内答复，申请已驳回，请重新申请',
    en: 'A pot could not be reached in time; the application is rejected: apply again',
  },
  'part-refused': {
    status: 409,
    zh: '资金池或年度额度拒绝了该申请，请重新申请',
    en: 'A pot or the allowance refused; the application is rejected: apply again',
  },
};

const applicationProblems: Record<ApplicationReason, Problem> = {
  'application-exists': { status: 409, zh: '该申请已存在', en: 'This application exists already' },
  'application-unknown': { status: 404, zh: '没有该申请', en: 'There is no such application' },
  'application-not-draft': { status: 409, zh: '申请已提交', en: 'The application is no draft any more' },
  'application-not-submitted': { status: 409, zh: '申请不在待审核状态', en: 'The application is not waiting for its check' },
  'application-not-checked': {
    status: 409,
    zh: '申请不在待批准状态',
    en: 'The application is not waiting for an approval: it is checked first',
  },
  'application-awaits-no-second-approval': {
    status: 409,
    zh: '申请无需或已完成二次批准',
    en: 'The application is not waiting for a second approval',
  },
  'application-already-decided': {
    status: 409,
    zh: '申请已有结果',
    en: 'The application is decided already: nothing more can be done to it',
  },
  'not-a-distinct-person': {
    status: 403,
    zh: '申请、审核、批准须由不同人员办理',
    en: 'Applicant, checker and approvers are different people: let a colleague do this',
  },
  'no-policy-in-force': { status: 409, zh: '本市尚无生效的政策', en: 'No policy of this city is in force: publish one first' },
  'enterprise-not-registered': { status: 409, zh: '企业未在本市登记', en: 'This enterprise is not registered here: register it first' },
  'enterprise-too-young': {
    status: 409,
    zh: '企业成立时间不足政策要求',
    en: 'The enterprise is younger than the policy demands: reject the application',
  },
  'enterprise-sanctioned': {
    status: 409,
    zh: '企业处于失信惩戒期',
    en: 'A sanction is in force against this enterprise: reject the application',
  },
  'face-above-request': { status: 422, zh: '批准金额超过申请金额', en: 'More than was requested: approve at most the requested amount' },
  'pot-named-twice': { status: 422, zh: '同一资金池重复列出', en: 'A pot is named twice: name each pot once' },
  'funding-not-whole': { status: 422, zh: '各资金池比例之和须为 10000 基点', en: 'The basis points must sum to 10 000' },
  'pot-would-give-nothing': { status: 422, zh: '某资金池分摊金额为零', en: 'A pot would give nothing: leave it out or raise its share' },
  'application-not-issuing': { status: 409, zh: '申请不在发放过程中', en: 'The application is not being issued' },
  'pot-without-owner': { status: 409, zh: '资金池未说明归属方', en: 'A pot has not said whose money it is' },
};

const issueProblems: Record<IssueReason, Problem> = { ...applicationProblems, ...partProblems };

/** Policies and pots are public matters; the rest is read by those whom it concerns. */
export const routes = (operations: Operations): readonly Endpoint[] => [
  commandRoute(issuanceCommands.publishPolicy, operations.publishPolicy, policyProblems),
  commandRoute(issuanceCommands.registerEnterprise, operations.registerEnterprise, enterpriseProblems),
  commandRoute(issuanceCommands.openPot, operations.openPot, potProblems),
  commandRoute(issuanceCommands.appropriateToPot, operations.appropriateToPot, potProblems),
  commandRoute(issuanceCommands.draftApplication, operations.draftApplication, applicationProblems),
  commandRoute(issuanceCommands.submitApplication, operations.submitApplication, applicationProblems),
  commandRoute(issuanceCommands.checkApplication, operations.checkApplication, applicationProblems),
  commandRoute(issuanceCommands.approveApplication, operations.approveApplication, issueProblems),
  commandRoute(issuanceCommands.approveApplicationAgain, operations.approveApplicationAgain, issueProblems),
  commandRoute(issuanceCommands.rejectApplication, operations.rejectApplication, applicationProblems),
  commandRoute(issuanceCommands.withdrawApplication, operations.withdrawApplication, applicationProblems),
  nounRoutes(issuanceNouns.policies, { visible: 'everyone' }),
  nounRoutes(issuanceNouns.enterprises),
  nounRoutes(issuanceNouns.pots, { visible: 'everyone' }),
  nounRoutes(issuanceNouns.allowances),
  nounRoutes(issuanceNouns.applications),
];
