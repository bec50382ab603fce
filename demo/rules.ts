import { readFileSync } from 'node:fs';
import { Fen, Member, PolicyId, PolicyTerms, Route, Text } from '@tongdui/contracts';
import { z } from 'zod';
import { cityOf } from './cities.ts';

/** What the cities have published and agreed: `data/policies.json` and `data/agreements.json`, written by hand. */
const schemas = {
  policies: z.array(z.strictObject({ id: PolicyId, terms: PolicyTerms })),
  agreements: z.array(
    z.strictObject({
      home: Member,
      host: Member,
      version: z.int().min(1),
      route: Route,
      prefundFen: Fen,
      legalBasis: Text,
      verification: z.enum(['official', 'press', 'default']),
    }),
  ),
};
export type Policy = z.infer<typeof schemas.policies>[number];
export type Agreement = z.infer<typeof schemas.agreements>[number];

export type Rules = { readonly policies: readonly Policy[]; readonly agreements: readonly Agreement[] };

export const loadRules = (): Rules => {
  const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`./data/${name}.json`, import.meta.url), 'utf8'));
  return { policies: schemas.policies.parse(read('policies')), agreements: schemas.agreements.parse(read('agreements')) };
};

export const termsOf = ({ policies }: Pick<Rules, 'policies'>, home: string): Policy['terms'] => {
  const policy = policies.find(({ id }) => cityOf(id) === home);
  if (!policy) throw new Error(`${home} has no policy`);
  return policy.terms;
};

/** Whether the host city pays its labs for this home first: only where the home's policy has the lab redeem. */
export const isFronted = ({ policies, agreements }: Rules, home: string, host: string): boolean =>
  home !== host &&
  termsOf({ policies }, home).payeeMode === 'lab-redeemed' &&
  agreements.some((agreement) => agreement.home === home && agreement.host === host && agreement.route === 'host-fronted');
