import { dateOf } from '@tongdui/calendar';
import {
  actsAs,
  type Category,
  corridorHome,
  type Fen,
  homeOf,
  type LocalDate,
  type Member,
  type OfferingId,
  type ProviderId,
  providerIdOf,
  type RecognitionId,
  type SanctionId,
  type Uscc,
} from '@tongdui/contracts';
import type { Handler } from '@tongdui/decider/handle';
import { type Answer, answered, asked, type Request, refused, streamOf } from '@tongdui/decider/operation';
import type * as offerings from './offering.decider.ts';
import type * as providers from './provider.decider.ts';
import { standingOf } from './provider.decider.ts';
import type * as recognitions from './recognition.decider.ts';
import type * as sanctions from './sanction.decider.ts';

export type Handlers = {
  readonly provider: Handler<providers.Command, providers.State, providers.Fact, providers.Reason>;
  readonly offering: Handler<offerings.Command, offerings.State, offerings.Fact, offerings.Reason>;
  readonly recognition: Handler<recognitions.Command, recognitions.State, recognitions.Fact, recognitions.Reason>;
  readonly sanction: Handler<sanctions.Command, sanctions.State, sanctions.Fact, sanctions.Reason>;
};

export type OfferingInput = {
  readonly id: OfferingId;
  readonly provider: Uscc;
  readonly category: Category;
  readonly name: string;
  readonly description?: string | undefined;
  readonly tariffFen?: Fen | undefined;
};

export type Operations = ReturnType<typeof operations>;

export const operations = (handlers: Handlers) => ({ ...labs(handlers), ...recognising(handlers), ...sanctioning(handlers) });

/** What labs do, and what their host city decides about them. */
const labs = ({ provider, offering }: Pick<Handlers, 'provider' | 'offering'>) => ({
  registerProvider: async (
    request: Request,
    { id, ...said }: { id: ProviderId } & Pick<providers.Profile, 'name' | 'account'>,
  ): Promise<Answer<providers.Reason>> => {
    const { actor, at } = request;
    const uscc = usccOf(id);
    if (!actor.roles.includes('lab')) return refused('not-allowed');
    if (actor.org !== uscc) return refused('foreign-organisation');
    const profile = { uscc, host: memberOf(id), ...said };
    return answered(
      id,
      await provider.run(streamOf('registry', id), asked(request, { type: 'RegisterProvider', profile, by: actor.sub, at })),
    );
  },

  admitProvider: async (
    request: Request,
    input: { id: ProviderId; categories: readonly Category[]; admittedUntil: LocalDate; accreditation?: string | undefined },
  ): Promise<Answer<providers.Reason>> => {
    const { actor, at } = request;
    const { id, categories, admittedUntil, accreditation } = input;
    if (!actsAs(actor, 'reviewer', homeOf(id))) return refused('not-allowed');
    const admission = { categories, admittedUntil, ...(accreditation === undefined ? {} : { accreditation }) };
    return answered(
      id,
      await provider.run(streamOf('registry', id), asked(request, { type: 'AdmitProvider', admission, by: actor.sub, at })),
    );
  },

  suspendProvider: async (request: Request, { id, reason }: { id: ProviderId; reason: string }): Promise<Answer<providers.Reason>> => {
    const { actor, at } = request;
    if (!actsAs(actor, 'reviewer', homeOf(id))) return refused('not-allowed');
    return answered(
      id,
      await provider.run(streamOf('registry', id), asked(request, { type: 'SuspendProvider', reason, by: actor.sub, at })),
    );
  },

  publishOffering: async (request: Request, input: OfferingInput): Promise<Answer<offerings.Reason>> => {
    const { actor, at } = request;
    const { id, description, tariffFen, ...said } = input;
    if (!actor.roles.includes('lab')) return refused('not-allowed');
    if (actor.org !== said.provider) return refused('foreign-organisation');
    const { state } = await provider.current(streamOf('registry', providerIdOf(homeOf(id), said.provider)));
    const command: offerings.Command = {
      type: 'PublishOffering',
      offering: {
        offeringId: id,
        host: memberOf(id),
        ...said,
        ...(description === undefined ? {} : { description }),
        ...(tariffFen === undefined ? {} : { tariffFen }),
      },
      standing: standingOf(state, said.category, dateOf(at)),
      by: actor.sub,
      at,
    };
    return answered(id, await offering.run(streamOf('registry', id), asked(request, command)));
  },
});

const recognising = ({ recognition }: Pick<Handlers, 'recognition'>) => ({
  recogniseProvider: async (
    request: Request,
    { id, ...said }: { id: RecognitionId } & Omit<recognitions.Recognition, 'recognitionId' | 'home'>,
  ): Promise<Answer<recognitions.Reason>> => {
    const { actor, at } = request;
    if (!actsAs(actor, 'approver', homeOf(id))) return refused('not-allowed');
    const wanted = { recognitionId: id, home: memberOf(id), ...said };
    return answered(
      id,
      await recognition.run(
        streamOf('registry', id),
        asked(request, { type: 'RecogniseProvider', recognition: wanted, by: actor.sub, at }),
      ),
    );
  },
});

const sanctioning = ({ sanction }: Pick<Handlers, 'sanction'>) => ({
  imposeSanction: async (
    request: Request,
    { id, ...said }: { id: SanctionId } & Omit<sanctions.Sanction, 'sanctionId'>,
  ): Promise<Answer<sanctions.Reason>> => {
    const { actor, at } = request;
    if (!actsAs(actor, 'joint-office', corridorHome)) return refused('not-allowed');
    const imposed = { sanctionId: id, ...said };
    return answered(
      id,
      await sanction.run(streamOf('registry', id), asked(request, { type: 'ImposeSanction', sanction: imposed, by: actor.sub, at })),
    );
  },

  liftSanction: async (request: Request, { id }: { id: SanctionId }): Promise<Answer<sanctions.Reason>> => {
    const { actor, at } = request;
    if (!actsAs(actor, 'joint-office', corridorHome)) return refused('not-allowed');
    return answered(id, await sanction.run(streamOf('registry', id), asked(request, { type: 'LiftSanction', by: actor.sub, at })));
  },
});

const usccOf = (id: ProviderId): Uscc => id.slice(-18) as Uscc;
/** Ids of these kinds are accepted only with a member city as their home. */
const memberOf = (id: string): Member => homeOf(id) as string as Member;
