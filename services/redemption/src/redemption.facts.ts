import type { FollowedFact } from '@tongdui/runtime/service';
import type { Fact as ClaimFact } from './claim.facts.ts';
import type { Fact as EvidenceFact } from './evidence.decider.ts';
import type { Fact as InvoiceFact } from './invoice.decider.ts';
import type { Fact as OrderFact } from './order.state.ts';
import type { Fact as PaymentFact } from './payment.state.ts';
import type { Fact as VoucherFact } from './voucher.state.ts';

export type RedemptionFact = VoucherFact | OrderFact | EvidenceFact | InvoiceFact | ClaimFact | PaymentFact;
export type FactOf<Type extends RedemptionFact['type']> = RedemptionFact & { readonly type: Type };

/** What is stored under this service's streams was recorded by its deciders. */
export const factOf = (followed: FollowedFact): RedemptionFact => followed.fact as unknown as RedemptionFact;

/** The API id of a stream: `redemption.310117.order-01J…` is `310117-order-01J…`. */
export const idOf = ({ home, noun, key }: FollowedFact): string => `${home}-${noun}-${key}`;
