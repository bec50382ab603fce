import type { CloudEvent, Home, Instant, Role, ServiceName } from '@tongdui/contracts';
import type { PartAnswer } from '@tongdui/decider';
import type { Handler } from '@tongdui/decider/handle';
import type { JsonObject, Position } from '@tongdui/event-store';

/** What a service is made of, beneath HTTP. The runtime turns it into a running process; simulation runs it without one. */
export type Service = {
  readonly name: ServiceName;
  /** Private facts to contract events. Pure. */
  readonly publish: (fact: FollowedFact) => readonly EventDraft[];
  /** Rows from the service's own facts. */
  readonly projections: readonly FactProjection[];
  /** Whose events mean anything here. Nobody's: the broker is not asked for any. */
  readonly hears: readonly ServiceName[];
  /** Rows from the events of other producers: the local copy of the moment. */
  readonly copies: readonly EventProjection[];
  /** Events that mean commands here. Pure; the commands must be harmless when they come again. */
  readonly effects: (event: CloudEvent) => readonly Effect[];
  /** Follow-up work that facts open and close. Pure. */
  readonly work: (fact: FollowedFact) => WorkChange;
  /** Carries out one piece of work; rejects to be tried again later. Must be harmless when repeated. */
  readonly perform: (work: Work) => Promise<void>;
  /** Decisions other homes and services ask this one to take. */
  readonly asks: (ask: JsonObject) => Promise<PartAnswer>;
  /** By the noun of the stream: effects are run by these. */
  readonly handlers: Readonly<Record<string, Handler<never, unknown, unknown, string>>>;
};

/** A fact as it was stored, with its stream's name taken apart: `<service>.<home>.<noun>-<key>`. */
export type FollowedFact = {
  /** `type` and the fact's own fields. */
  readonly fact: { readonly type: string } & JsonObject;
  readonly id: string;
  readonly stream: string;
  readonly home: Home;
  readonly noun: string;
  readonly key: string;
  readonly revision: number;
  readonly position: Position;
};

/** An event to publish; the relay adds id, source, sequence and previous hash. `type` is short: `voucher-issued`. */
export type EventDraft = { readonly type: string; readonly subject: string; readonly time: Instant; readonly data: JsonObject };

/** By what lists are filtered and who may read the row. */
export type RowIndex = {
  readonly home: Home;
  readonly host?: string;
  readonly status?: string;
  readonly enterprise?: string;
  readonly lab?: string;
  readonly voucher?: string;
  readonly order?: string;
  readonly payment?: string;
  readonly cycle?: string;
};

/**
 * One table of the read model. `project` is pure; an undefined id means the fact does not concern this table. It gives the row as it is
 * from now on: the same body for no change, undefined for no row. A table is fed by facts or by events, never by both: a rebuilt file
 * could not repeat their order.
 */
export type FactProjection = {
  readonly table: string;
  readonly noun: string;
  readonly rowId: (followed: FollowedFact) => string | undefined;
  readonly project: (body: JsonObject | undefined, followed: FollowedFact) => JsonObject | undefined;
  readonly index: (body: JsonObject) => RowIndex;
};

export type EventProjection = {
  readonly table: string;
  /** Short event types, `policy-published`. */
  readonly types: readonly string[];
  readonly rowId: (event: CloudEvent) => string | undefined;
  readonly project: (body: JsonObject | undefined, event: CloudEvent) => JsonObject | undefined;
  readonly index: (body: JsonObject) => RowIndex;
};

/** A command that a consumed event means. Its id is uuidv5(event id, step). */
export type Effect = { readonly stream: string; readonly command: unknown; readonly step: string };

/**
 * Something to do after a fact: at once, or when business time reaches `dueAt`. Kept in the read model with the position of the fact that
 * opened it, so a crash resumes it and a deleted read model finds it again.
 */
export type Work = {
  readonly id: string;
  readonly kind: string;
  readonly home: Home;
  readonly dueAt?: Instant;
  readonly data: JsonObject;
};

export type WorkChange = { readonly opens?: readonly Work[]; readonly closes?: readonly string[] };

/** The queries an operation may ask of the read model: the copy of the moment. */
export interface Rows {
  get<Body>(table: string, id: string): Body | undefined;
  list<Body>(table: string, filter?: RowFilter): Body[];
}

export type RowFilter = Partial<Omit<RowIndex, 'home'>> & {
  readonly home?: string;
  /** Exclusive; rows come in the order of their ids. */
  readonly after?: string;
  readonly limit?: number;
};

export type { Role };
