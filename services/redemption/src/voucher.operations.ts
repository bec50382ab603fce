import { actsAs, homeOf, type VoucherId } from '@tongdui/contracts';
import { type Answer, answered, asked, type Request, refused, streamOf } from '@tongdui/decider/operation';
import type { Handlers } from './handlers.ts';
import type { Reason } from './voucher.decider.ts';

type Reasoned = { readonly id: VoucherId; readonly reason: string };

export const voucherOperations = ({ voucher }: Pick<Handlers, 'voucher'>) => {
  const asApprover =
    (type: 'FreezeVoucher' | 'UnfreezeVoucher' | 'RevokeVoucher') =>
    async (request: Request, { id, reason }: Reasoned): Promise<Answer<Reason>> => {
      const { actor, at } = request;
      if (!actsAs(actor, 'approver', homeOf(id))) return refused('not-allowed');
      return answered(id, await voucher.run(streamOf('redemption', id), asked(request, { type, by: actor.sub, reason, at })));
    };
  return {
    freezeVoucher: asApprover('FreezeVoucher'),
    unfreezeVoucher: asApprover('UnfreezeVoucher'),
    revokeVoucher: asApprover('RevokeVoucher'),
  };
};
