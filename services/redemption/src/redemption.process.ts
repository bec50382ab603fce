import {
  type ClaimId,
  type CloudEvent,
  claimPayable,
  clawbackDue,
  type DataOf,
  dataOf,
  disputeDecided,
  drawGranted,
  eventDefinitionOf,
  idFrom,
  invoiceRedLettered,
  type Member,
  type PaymentId,
  type PaymentReference,
  paymentFailed,
  paymentInstructed,
  paymentPaid,
  paymentRecovered,
  paymentReturned,
  paymentUnknown,
  voucherIssued,
} from '@tongdui/contracts';
import { streamOf } from '@tongdui/decider/operation';
import type { Effect } from '@tongdui/runtime/service';
import type { Command as ClaimCommand } from './claim.decider.ts';
import type { Command as PaymentCommand } from './payment.decider.ts';
import type { Command as VoucherCommand } from './voucher.decider.ts';

/** What other producers' events, and other homes' redemption, mean here. Each command is harmless when it comes again. */
export const effects = (event: CloudEvent): readonly Effect[] => {
  const definition = eventDefinitionOf(event.type);
  switch (definition) {
    case voucherIssued:
      return openVoucher(event.data as DataOf<typeof voucherIssued>);
    case claimPayable:
      return preparePayment(event.data as DataOf<typeof claimPayable>);
    case paymentInstructed:
      return notePayment(event, 'instructed');
    case paymentPaid:
      return notePayment(event, 'paid');
    case paymentFailed:
    case paymentReturned:
      return notePayment(event, 'failed');
    case paymentUnknown:
      return notePayment(event, 'unknown');
    default:
      return exceptional(event);
  }
};

const openVoucher = (issued: DataOf<typeof voucherIssued>): Effect[] => {
  const { occurredAt, applicationId: _, ...opening } = issued;
  const command: VoucherCommand = { ...opening, type: 'OpenVoucher', at: occurredAt };
  return [{ stream: streamOf('redemption', opening.voucherId), command, step: 'open-voucher' }];
};

const paymentIdOf = (claimId: ClaimId, payer: Member): PaymentId => idFrom(claimId, 'payment', { home: payer });

const preparePayment = ({ occurredAt, ...payable }: DataOf<typeof claimPayable>): Effect[] => {
  const paymentId = paymentIdOf(payable.claimId, payable.payer);
  const command: PaymentCommand = { ...payable, type: 'PreparePayment', paymentId, at: occurredAt };
  return [{ stream: streamOf('redemption', paymentId), command, step: 'prepare-payment' }];
};

const notePayment = (event: CloudEvent, outcome: 'instructed' | 'paid' | 'failed' | 'unknown'): Effect[] => {
  const { claimId, paymentId, instruction, reference, occurredAt } = event.data as DataOf<typeof paymentPaid>;
  const command: ClaimCommand = { type: 'NotePayment', outcome, paymentId, instruction, reference, at: occurredAt };
  return [{ stream: streamOf('redemption', claimId), command, step: 'note-payment' }];
};

/** What seldom happens: queued draws, clawbacks, red letters, disputes. */
const exceptional = (event: CloudEvent): readonly Effect[] => {
  const granted = dataOf(drawGranted, event);
  if (granted) {
    const command: PaymentCommand = { type: 'GrantDraw', instruction: instructionOf(granted.reference), at: granted.occurredAt };
    return [{ stream: streamOf('redemption', granted.paymentId), command, step: 'grant-draw' }];
  }
  const due = dataOf(clawbackDue, event);
  if (due) return [toPayment(due.paymentId, { type: 'NoteClawback', instruction: due.instruction, at: due.occurredAt }, 'note-clawback')];
  const recovered = dataOf(paymentRecovered, event);
  if (recovered)
    return [
      toClaim(
        recovered.claimId,
        { type: 'NoteRecovered', cause: 'recovery', instruction: recovered.instruction, at: recovered.occurredAt },
        'note-recovered',
      ),
    ];
  const redLettered = dataOf(invoiceRedLettered, event);
  if (redLettered)
    return redLettered.revoked.map(({ claimId }) =>
      toClaim(
        claimId,
        { type: 'ApplyRedLetter', redLetterId: redLettered.redLetterId, at: redLettered.occurredAt },
        `red-letter/${claimId}`,
      ),
    );
  const decided = dataOf(disputeDecided, event);
  if (decided?.wonBy !== 'debtor') return [];
  const { instruction, occurredAt: at } = decided;
  return [
    toClaim(decided.claimId, { type: 'NoteRecovered', cause: 'dispute', instruction, at }, 'note-dispute'),
    toPayment(decided.paymentId, { type: 'NoteDisputeLost', instruction, at }, 'note-dispute-payment'),
  ];
};

const toClaim = (claimId: ClaimId, command: ClaimCommand, step: string): Effect => ({
  stream: streamOf('redemption', claimId),
  command,
  step,
});
const toPayment = (paymentId: PaymentId, command: PaymentCommand, step: string): Effect => ({
  stream: streamOf('redemption', paymentId),
  command,
  step,
});

const instructionOf = (reference: PaymentReference): number => Number(reference.slice(reference.lastIndexOf('-') + 1));
