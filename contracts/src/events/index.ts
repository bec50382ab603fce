import type { z } from 'zod';
import type { CloudEvent } from '../cloud-event.ts';
import { clearingEvents } from './clearing.ts';
import type { EventDefinition } from './definition.ts';
import { issuanceEvents } from './issuance.ts';
import { redemptionEvents } from './redemption.ts';
import { registryEvents } from './registry.ts';

export * from './clearing.ts';
export * from './definition.ts';
export * from './issuance.ts';
export * from './redemption.ts';
export * from './registry.ts';

/** Everything that is published, in the order of the story. The ledger publishes nothing. */
export const eventDefinitions: readonly EventDefinition[] = [...issuanceEvents, ...registryEvents, ...redemptionEvents, ...clearingEvents];

/** What an event carries: `DataOf<typeof voucherIssued>`. */
export type DataOf<Definition extends { readonly data: z.ZodType }> = z.infer<Definition['data']>;

/** The event's data, when it is of this kind. */
export const dataOf = <Definition extends EventDefinition>(definition: Definition, event: CloudEvent): DataOf<Definition> | undefined =>
  event.type === definition.type ? (event.data as DataOf<Definition>) : undefined;

const byType = new Map(eventDefinitions.map((definition) => [definition.type, definition]));
export const eventDefinitionOf = (type: string): EventDefinition | undefined => byType.get(type);

/** `g60.issuance.voucher-issued.v1` is `voucher-issued`. */
export const shortTypeOf = (event: { readonly type: string }): string => event.type.split('.')[2] ?? '';
