import { actsAs, homeOf, type VoucherId } from '@tongdui/contracts';
import { type Answer, answered, asked, type Request, refused, streamOf } from '@tongdui/decider/operation';
import type { Handlers } from './handlers.ts';
import { inTurn } from './turns.ts';
import type { Reason } from './voucher.decider.ts';

type Reasoned = { readonly id: VoucherId; readonly reason: string };

export const voucherOperations = ({ voucher }: Pick<Handlers, 'voucher'>) => {
  const asApprover =
    (type: 'FreezeVoucher' | 'UnfreezeVoucher' | 'RevokeVoucher', turn: (freezes: number, frozen: boolean) => number = () => 0) =>
    async (request: Request, { id, reason }: Reasoned): Promise<Answer<Reason>> => {
      const { actor, at } = request;
      if (!actsAs(actor, 'approver', homeOf(id))) return refused('not-allowed');
      const stream = streamOf('redemption', id);
      const { state } = await voucher.current(stream);
      const now = state.is === 'none' ? 0 : turn(state.freezes, state.frozen);
      return answered(id, await voucher.run(stream, asked(inTurn(request, now), { type, by: actor.sub, reason, at })));
    };
  return {
    // The n-th freeze stands until the n-th unfreeze: both are of turn n, however often they are repeated meanwhile.
    freezeVoucher: asApprover('FreezeVoucher', (freezes, frozen) => (frozen ? freezes : freezes + 1)),
    unfreezeVoucher: asApprover('UnfreezeVoucher', (freezes) => freezes),
    revokeVoucher: asApprover('RevokeVoucher'),
  };
};
