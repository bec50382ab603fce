import { z } from 'zod';
import { type Home, Instant, type ServiceName } from './vocabulary.ts';

/**
 * Envelope of every published event: CloudEvents 1.0 in JSON with two extensions, `sequence` (the producer's gapless count,
 * zero-padded to 16 digits) and `previoushash` (base64url SHA-256 of the previous event of this producer in RFC 8785 form;
 * absent on the first).
 */
export const envelope = z.strictObject({
  specversion: z.literal('1.0'),
  id: z.uuid(),
  source: z.string().regex(/^\/(issuance|registry|redemption|clearing|ledger)\/(\d{6}|G60)$/),
  type: z.string(),
  subject: z.string().min(1),
  time: Instant,
  datacontenttype: z.literal('application/json'),
  sequence: z.string().regex(/^\d{16}$/),
  previoushash: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/)
    .optional(),
});
export type CloudEvent = z.infer<typeof envelope> & { readonly data: Readonly<Record<string, unknown>> };

/** Who publishes a sequence of events. */
export type Producer = { readonly service: ServiceName; readonly home: Home };
export const producerOf = (event: { readonly source: string }): Producer => {
  const [, service, home] = event.source.split('/');
  return { service: service as ServiceName, home: home as Home };
};
export const sourceOf = (producer: Producer): string => `/${producer.service}/${producer.home}`;
export const sequenceOf = (event: { readonly sequence: string }): number => Number(event.sequence);
