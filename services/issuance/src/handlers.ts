import { type Handler, handle } from '@tongdui/decider/handle';
import type { Deps } from '@tongdui/runtime';
import * as allowances from './allowance.decider.ts';
import * as applications from './application.decider.ts';
import * as enterprises from './enterprise.decider.ts';
import * as policies from './policy.decider.ts';
import * as pots from './pot.decider.ts';

/** What runs commands against the streams of this service, by the noun of the stream. */
export type Handlers = {
  readonly policy: Handler<policies.Command, policies.State, policies.Fact, policies.Reason>;
  readonly enterprise: Handler<enterprises.Command, enterprises.State, enterprises.Fact, enterprises.Reason>;
  readonly pot: Handler<pots.Command, pots.State, pots.Fact, pots.Reason>;
  readonly allowance: Handler<allowances.Command, allowances.State, allowances.Fact, allowances.Reason>;
  readonly application: Handler<applications.Command, applications.State, applications.Fact, applications.Reason>;
};

export const handlersOf = ({ store, wall }: Pick<Deps, 'store' | 'wall'>): Handlers => ({
  policy: handle(store, policies.policy, { wall }),
  enterprise: handle(store, enterprises.enterprise, { wall }),
  pot: handle(store, pots.pot, { wall }),
  allowance: handle(store, allowances.allowance, { wall }),
  application: handle(store, applications.application, { wall }),
});

/** One stream per city holds all versions of its policy. */
export const policyStreamOf = (home: string): string => `issuance.${home}.policy-versions`;
