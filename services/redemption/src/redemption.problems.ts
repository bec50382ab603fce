import type { CommonReason } from '@tongdui/decider/operation';
import type { Problem } from '@tongdui/runtime';
import type { ClaimReason } from './claim.operations.ts';
import type { OrderReason } from './order.operations.ts';
import type { PaymentReason } from './payment.operations.ts';
import type { Reason as VoucherReason } from './voucher.decider.ts';

/** What each refusal says to people: one status and one sentence in each language. */

type Problems<Reason extends string> = Readonly<Record<Exclude<Reason, CommonReason>, Problem>>;

export const voucherProblems: Problems<VoucherReason> = {
  'voucher-unknown': { status: 404, zh: '没有这张创新券', en: 'There is no such voucher' },
  'hold-was-released': {
    status: 409,
    zh: '该预留已被释放，请以新的合同次序重新登记',
    en: 'This hold was released: register the contract as the next attempt',
  },
  'voucher-of-another-enterprise': { status: 403, zh: '该创新券属于其他企业', en: 'The voucher belongs to another enterprise' },
  'voucher-closed': { status: 409, zh: '创新券已失效或已撤销', en: 'The voucher has expired or was revoked' },
  'voucher-frozen': { status: 409, zh: '创新券已冻结，请联系发券城市', en: 'The voucher is frozen: ask its city' },
  'contract-before-voucher': { status: 409, zh: '合同签订日早于发券日', en: 'The contract was signed before the voucher was issued' },
  'voucher-expired': { status: 409, zh: '创新券已过有效期', en: 'The voucher has expired' },
  'voucher-short': {
    status: 409,
    zh: '创新券可用额度不足，请减少补贴金额',
    en: 'The voucher has less left than this subsidy: ask for less',
  },
  'hold-unknown': { status: 409, zh: '没有对应的预留额度', en: 'There is no such hold on the voucher' },
  'hold-exceeded': { status: 409, zh: '超过预留额度', en: 'More than was held on the voucher' },
};

export const orderProblems: Problems<OrderReason> = {
  ...voucherProblems,
  'order-unknown': { status: 404, zh: '没有这个订单', en: 'There is no such order' },
  'offering-unknown': {
    status: 404,
    zh: '没有这个服务项目，或信息尚未同步',
    en: 'There is no such offering, or it has not arrived here yet',
  },
  'sanctioned-party': { status: 409, zh: '企业或机构处于失信惩戒期', en: 'The enterprise or the lab is under a sanction' },
  'no-policy-in-force': { status: 409, zh: '该城市目前没有生效的政策', en: 'The city has no policy in force' },
  'category-not-subsidised': { status: 409, zh: '政策不支持该服务类别', en: 'The policy does not subsidise this category' },
  'order-already-proposed': { status: 409, zh: '订单已存在', en: 'The order was proposed already' },
  'order-over': { status: 409, zh: '订单已结束', en: 'The order is over' },
  'order-not-proposed': { status: 409, zh: '订单不在待接单状态', en: 'The order is not waiting for the lab' },
  'order-not-accepted-by-lab': { status: 409, zh: '机构尚未接单', en: 'The lab has not accepted the order yet' },
  'contract-already-registered': { status: 409, zh: '合同已登记', en: 'A contract is registered already' },
  'contract-pending': { status: 409, zh: '合同登记处理中，请稍候', en: 'A contract is being registered: wait for its outcome' },
  'attempt-out-of-order': { status: 409, zh: '次序编号有误，请使用下一个编号', en: 'The number is not the next one' },
  'order-has-no-contract': { status: 409, zh: '订单尚无已登记的合同', en: 'The order has no registered contract' },
  'order-expired': { status: 409, zh: '订单已过期', en: 'The order has expired' },
  'lab-not-admitted': { status: 409, zh: '机构未获准入、已到期或被暂停', en: 'The lab is not admitted for this category, or suspended' },
  'lab-not-recognised': {
    status: 409,
    zh: '企业所在城市尚未互认该机构',
    en: 'The home city does not recognise this lab for this category',
  },
  'dates-out-of-order': { status: 409, zh: '日期先后顺序有误', en: 'The dates are out of order' },
  'registered-too-late': { status: 409, zh: '已超过合同登记期限', en: 'The contract is registered too long after the service started' },
  'subsidy-above-policy': { status: 409, zh: '补贴金额超过政策上限', en: 'The subsidy is more than the policy allows' },
  'amendment-not-downward': {
    status: 409,
    zh: '变更只能减少金额；增加请另立订单',
    en: 'An amendment can only lower the amounts: for more, make a new order',
  },
  'amendment-pending': { status: 409, zh: '合同变更处理中，请稍候', en: 'An amendment is being applied: wait for it' },
  'already-delivered': { status: 409, zh: '已交付', en: 'It was delivered already' },
  'not-delivered': { status: 409, zh: '尚未交付', en: 'It was not delivered yet' },
  'already-accepted': { status: 409, zh: '已验收', en: 'It was accepted already' },
  'subsidy-is-zero': { status: 409, zh: '按实际金额计算补贴为零', en: 'The actual amount leaves no subsidy' },
  'too-early-to-decide': { status: 409, zh: '尚在企业验收期内', en: 'The enterprise still has time to answer' },
  'too-early-to-cancel': {
    status: 409,
    zh: '合同期满后规定天数内不得取消',
    en: 'A registered contract can be cancelled only some days after its end',
  },
  'deadline-passed': {
    status: 409,
    zh: '未能在期限内完成，请以下一个编号重试',
    en: 'It could not be completed in time: try again with the next number',
  },
};

export const claimProblems: Problems<ClaimReason> = {
  'claim-unknown': { status: 404, zh: '没有这笔申领', en: 'There is no such claim' },
  'claim-over': { status: 409, zh: '申领已结束', en: 'The claim is over' },
  'claim-not-in-that-state': { status: 409, zh: '申领当前状态不允许此操作', en: 'The state of the claim does not allow this' },
  'submission-pending': { status: 409, zh: '材料提交处理中，请稍候', en: 'A submission is being decided: wait for its outcome' },
  'attempt-out-of-order': { status: 409, zh: '次序编号有误，请使用下一个编号', en: 'The number is not the next one' },
  'claim-too-late': { status: 409, zh: '已超过申领期限', en: 'The time to claim is over' },
  'invoice-parties-differ': { status: 409, zh: '发票买卖方与订单不一致', en: 'The invoice names another seller or buyer than the order' },
  'invoice-before-contract': { status: 409, zh: '发票日期早于合同签订日', en: 'The invoice is older than the contract' },
  'dates-out-of-order': { status: 409, zh: '日期先后顺序有误', en: 'The dates are out of order' },
  'slice-exceeds-invoice': { status: 409, zh: '申领份额超过发票总额', en: 'The slice is more than the invoice' },
  'amounts-do-not-add-up': {
    status: 409,
    zh: '补贴与自付之和须等于发票份额',
    en: 'Subsidy and self-payment must add up to the invoice slice',
  },
  'payment-not-proven': {
    status: 409,
    zh: '企业须以付款证明文件证明已付清发票份额',
    en: 'The enterprise must prove, by a payment-proof file, that it paid the whole invoice slice',
  },
  'evidence-missing': { status: 409, zh: '缺少发票文件', en: 'The invoice file is missing from the evidence' },
  'evidence-unknown': { status: 409, zh: '有文件尚未登记，请先登记证据', en: 'A file was never registered: register the evidence first' },
  'evidence-already-registered': { status: 409, zh: '该文件已登记', en: 'This file is registered already' },
  'same-person': { status: 403, zh: '同一笔申领的各环节须由不同人员办理', en: 'The steps of one claim take different people' },
  'claim-at-risk': {
    status: 409,
    zh: '存在未裁定的风险（失信惩戒、机构暂停、准入或互认终止、创新券冻结或账户相同），请先暂缓并由审批人裁定',
    en: 'A sanction, suspension, ended admission or recognition, frozen voucher or shared account is not ruled on: hold the claim and have the hold ruled',
  },
  'no-corrections-left': { status: 409, zh: '补正次数已用完', en: 'The claim was sent back as often as the policy allows' },
  'subsidy-above-redeemed': { status: 409, zh: '补贴超过已核销金额', en: 'The subsidy is more than was redeemed' },
  'notice-over': { status: 409, zh: '公示期已结束', en: 'The notice is over' },
  'objection-unknown': { status: 404, zh: '没有这项异议', en: 'There is no such objection' },
  'objection-already-ruled': { status: 409, zh: '该异议已裁定', en: 'The objection is ruled already' },
  'closing-pending': { status: 409, zh: '驳回或核销处理中，请稍候', en: 'A rejection or write-off is being decided: wait for its outcome' },
  'payment-already-instructed': {
    status: 409,
    zh: '支付已下达，不能驳回；可在支付后追回',
    en: 'The payment has gone to the bank: claw it back once it is paid',
  },
  'slice-was-released': {
    status: 409,
    zh: '该发票份额已释放，请重新提交',
    en: 'This slice was given back: submit again with the next number',
  },
  'invoice-differs': {
    status: 409,
    zh: '与首次登记的发票信息不一致',
    en: 'The invoice was registered with another total, seller, buyer or date',
  },
  'invoice-exceeded': { status: 409, zh: '发票剩余金额不足', en: 'Less is left of the invoice than this slice' },
  'invoice-unknown': { status: 404, zh: '没有这张发票', en: 'There is no such invoice' },
  'slice-unknown': { status: 409, zh: '没有这份发票份额', en: 'There is no such slice' },
  'red-letter-before-invoice': { status: 409, zh: '红字日期早于发票日期', en: 'The red letter is older than the invoice' },
  'red-letter-exceeds-invoice': { status: 409, zh: '红字金额超过发票总额', en: 'The red letters are more than the invoice' },
  'deadline-passed': {
    status: 409,
    zh: '未能在期限内完成，请以下一个编号重试',
    en: 'It could not be completed in time: try again with the next number',
  },
};

export const paymentProblems: Problems<PaymentReason> = {
  'payment-unknown': { status: 404, zh: '没有这笔支付', en: 'There is no such payment' },
  'payment-cancelled': { status: 409, zh: '支付已取消', en: 'The payment was cancelled' },
  'same-person': { status: 403, zh: '同一笔申领的各环节须由不同人员办理', en: 'The steps of one claim take different people' },
  'payment-already-instructed': { status: 409, zh: '支付指令已下达', en: 'The payment is at the bank already' },
  'payment-outcome-unknown': {
    status: 409,
    zh: '支付结果未知，须先以银行对账单确认',
    en: 'The outcome is unknown: enter the bank statement line first',
  },
  'payment-already-paid': { status: 409, zh: '已支付', en: 'It is paid already' },
  'instruction-pending': { status: 409, zh: '支付指令处理中或排队等待预付金', en: 'An instruction is waiting for the prefund' },
  'attempt-out-of-order': { status: 409, zh: '次序编号有误，请使用下一个编号', en: 'The number is not the next one' },
  'account-unknown': { status: 409, zh: '收款方账户信息缺失', en: 'The account of the payee is not known here' },
  'payment-not-in-that-state': { status: 409, zh: '支付当前状态不允许此操作', en: 'The state of the payment does not allow this' },
  'reference-differs': { status: 409, zh: '对账单参考号与支付不符', en: 'The statement line is for another reference' },
  'dates-out-of-order': { status: 409, zh: '日期先后顺序有误', en: 'The dates are out of order' },
  'no-clawback-due': { status: 409, zh: '没有待追回的款项', en: 'No clawback is due' },
  'clawback-differs': { status: 409, zh: '追回金额须与应追回金额一致', en: 'The amount differs from the clawback that is due' },
  'draw-refused': { status: 409, zh: '预付金占用被拒绝', en: 'The prefund refused the draw' },
};
