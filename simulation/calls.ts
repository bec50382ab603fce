import type { Actor, Home, Role, ServiceName, Uscc } from '@tongdui/contracts';

/** What a person asks of a service: the operation beneath a route, and the path that names it. */
export type Call = {
  readonly service: ServiceName;
  readonly home: string;
  readonly operation: string;
  /** Path of the route: with the body it is the command's identity. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** What the path says, as the operation takes it. */
  readonly ids: Readonly<Record<string, unknown>>;
  readonly actor: Actor;
};

export const official = (role: Role, home: string, number = 1): Actor => ({
  sub: `${role}-${number}.${home}`,
  city: home as Home,
  roles: [role],
});
export const ofOrganisation = (role: 'enterprise' | 'lab', home: string, org: Uscc): Actor => ({
  sub: `${role}.${org}`,
  city: home as Home,
  org,
  roles: [role],
});

/** Ids of 26 characters, in the order in which they were made up. */
export const ulids = (seed: number): (() => string) => {
  let last = 0;
  return () => {
    last += 1;
    return `01J${String(seed % 100_000).padStart(8, '0')}${String(last).padStart(15, '0')}`;
  };
};

export const call =
  (service: ServiceName, operation: string) =>
  (home: string, path: string, actor: Actor, ids: Call['ids'], body: Call['body'] = {}): Call => ({
    service,
    home,
    operation,
    path,
    body,
    ids,
    actor,
  });
