import {
  agreementPublished,
  type Category,
  type DataOf,
  dataOf,
  type EventDefinition,
  enterpriseRegistered,
  type Home,
  type LocalDate,
  type Member,
  offeringChanged,
  policyPublished,
  providerChanged,
  recognitionChanged,
  sanctionChanged,
  shortTypeOf,
  type Uscc,
  type VoucherId,
} from '@tongdui/contracts';
import type { JsonObject } from '@tongdui/event-store';
import type { EventProjection, RowIndex, Rows } from '@tongdui/runtime/service';
import type { Findings, Obstacle } from './order.decider.ts';
import type { VoucherRow } from './redemption.views.ts';
import { pinTerms } from './terms.ts';

/** What other services have said, kept here to decide on: the copy of the moment. */

type Offering = DataOf<typeof offeringChanged>;
type Policy = DataOf<typeof policyPublished>;
type Provider = DataOf<typeof providerChanged>;
type Recognition = DataOf<typeof recognitionChanged>;
type Sanction = DataOf<typeof sanctionChanged>;
type Agreement = DataOf<typeof agreementPublished>;
type Enterprise = DataOf<typeof enterpriseRegistered>;
type Parties = {
  readonly home: Member;
  readonly host: Member;
  readonly enterprise: Uscc;
  readonly lab: Uscc;
  readonly category: Category;
};

const copyOf = <Definition extends EventDefinition>(
  table: string,
  definition: Definition,
  rowId: (data: DataOf<Definition>) => string,
  index: (data: DataOf<Definition>) => RowIndex,
): EventProjection => ({
  table,
  types: [definition.name],
  rowId: (event) => {
    const data = shortTypeOf(event) === definition.name ? dataOf(definition, event) : undefined;
    return data && rowId(data);
  },
  project: (_before, event) => event.data as JsonObject,
  index: (body) => index(body as DataOf<Definition>),
});

const home = (party: Member): Home => party as string as Home;

export const copies: readonly EventProjection[] = [
  copyOf(
    'copy-policies',
    policyPublished,
    (policy) => policy.policyId,
    (policy) => ({ home: home(policy.home) }),
  ),
  copyOf(
    'copy-enterprises',
    enterpriseRegistered,
    ({ home, uscc }) => `${home}-${uscc}`,
    (enterprise) => ({ home: home(enterprise.home), enterprise: enterprise.uscc }),
  ),
  copyOf(
    'copy-providers',
    providerChanged,
    ({ host, uscc }) => `${host}-${uscc}`,
    (provider) => ({ home: home(provider.host), lab: provider.uscc }),
  ),
  copyOf(
    'copy-offerings',
    offeringChanged,
    (offering) => offering.offeringId,
    (offering) => ({ home: home(offering.host), lab: offering.provider }),
  ),
  copyOf(
    'copy-recognitions',
    recognitionChanged,
    (recognition) => recognition.recognitionId,
    (recognition) => ({ home: home(recognition.home), lab: recognition.provider }),
  ),
  copyOf(
    'copy-sanctions',
    sanctionChanged,
    (sanction) => sanction.sanctionId,
    (sanction) => ({ home: 'G60' as Home, enterprise: sanction.uscc }),
  ),
  copyOf(
    'copy-agreements',
    agreementPublished,
    ({ home, host, version }) => `${home}-${host}-${String(version).padStart(6, '0')}`,
    (agreement) => ({ home: home(agreement.home), host: agreement.host }),
  ),
];

/** Queries on the copies; all of them read the moment, none pins anything. */
export const copiesOf = (rows: Rows) => {
  const policyInForce = (city: Member, on: LocalDate): Policy | undefined =>
    rows
      .list<Policy>('copy-policies', { home: city })
      .filter((policy) => policy.effectiveFrom <= on)
      .reduce<Policy | undefined>((latest, policy) => (latest && latest.version > policy.version ? latest : policy), undefined);

  const isSanctioned = (organisation: Uscc, on: LocalDate): boolean =>
    rows
      .list<Sanction>('copy-sanctions', { enterprise: organisation })
      .some(({ status, validFrom, validUntil }) => status === 'imposed' && validFrom <= on && on <= validUntil);

  const provider = (host: Member, lab: Uscc) => rows.get<Provider>('copy-providers', `${host}-${lab}`);

  const isAdmitted = (host: Member, lab: Uscc, category: Category, on: LocalDate): boolean => {
    const known = provider(host, lab);
    return known?.status === 'admitted' && known.categories.includes(category) && (known.admittedUntil ?? on) >= on;
  };

  const isRecognised = (city: Member, host: Member, lab: Uscc, category: Category, on: LocalDate): boolean =>
    city === host ||
    rows
      .list<Recognition>('copy-recognitions', { home: city, lab })
      .some(
        (recognition) =>
          recognition.host === host &&
          recognition.categories.includes(category) &&
          recognition.validFrom <= on &&
          on <= recognition.validUntil,
      );

  /** Of a lab whose admission is known here; a suspended one is a risk of its own. */
  const hasAdmissionEnded = ({ host, lab, category }: Parties, on: LocalDate): boolean =>
    provider(host, lab)?.status === 'admitted' && !isAdmitted(host, lab, category, on);

  const sharesAccount = (claim: { home: Member; host: Member; enterprise: Uscc; lab: Uscc }): boolean => {
    const enterprise = rows.get<Enterprise>('copy-enterprises', `${claim.home}-${claim.enterprise}`)?.account.number;
    return enterprise !== undefined && enterprise === provider(claim.host, claim.lab)?.account.number;
  };

  /** No agreement, or the home itself as host: the home pays. */
  const agreement = (city: Member, host: Member, on: LocalDate) => {
    const versions =
      city === host ? [] : rows.list<Agreement>('copy-agreements', { home: city, host }).filter((version) => version.effectiveFrom <= on);
    const latest = versions.reduce<Agreement | undefined>(
      (best, version) => (best && best.version > version.version ? best : version),
      undefined,
    );
    return latest ? { route: latest.route, version: latest.version } : ({ route: 'home-direct', version: 0 } as const);
  };

  return {
    offering: (offeringId: string) => rows.get<Offering>('copy-offerings', offeringId),
    policyInForce,
    isSanctioned,

    /** Why an order cannot be proposed. */
    obstacle: (enterprise: Uscc, city: Member, lab: Uscc, category: Category, on: LocalDate): Obstacle | undefined => {
      if (isSanctioned(enterprise, on) || isSanctioned(lab, on)) return 'sanctioned-party';
      const policy = policyInForce(city, on);
      if (!policy) return 'no-policy-in-force';
      return policy.terms.ratioBps[category] === undefined ? 'category-not-subsidised' : undefined;
    },

    findings: (parties: Parties, on: LocalDate): Findings => {
      const policy = policyInForce(parties.home, on);
      const terms = policy && pinTerms(policy.policyId, policy.terms, parties.category, agreement(parties.home, parties.host, on));
      return {
        policyInForce: policy !== undefined,
        ...(terms ? { terms } : {}),
        sanctioned: isSanctioned(parties.enterprise, on) || isSanctioned(parties.lab, on),
        labAdmitted: isAdmitted(parties.host, parties.lab, parties.category, on),
        labRecognised: isRecognised(parties.home, parties.host, parties.lab, parties.category, on),
      };
    },

    /** Reason codes of the checks against fraud that hold a claim rather than drop it. */
    risks: (claim: Parties & { voucherId: VoucherId }, on: LocalDate): string[] => [
      ...(isSanctioned(claim.enterprise, on) || isSanctioned(claim.lab, on) ? ['sanctioned-party'] : []),
      ...(provider(claim.host, claim.lab)?.status === 'suspended' ? ['provider-suspended'] : []),
      ...(rows.get<VoucherRow>('vouchers', claim.voucherId)?.state.frozen ? ['voucher-frozen'] : []),
      ...(sharesAccount(claim) ? ['shared-bank-account'] : []),
      ...(hasAdmissionEnded(claim, on) ? ['admission-ended'] : []),
      ...(isRecognised(claim.home, claim.host, claim.lab, claim.category, on) ? [] : ['recognition-ended']),
    ],

    /** Where the payee is paid: an enterprise's account is registered at its home, a lab's at its host. */
    account: (payee: { kind: 'enterprise' | 'lab'; uscc: Uscc }, city: Member, host: Member) =>
      payee.kind === 'lab'
        ? provider(host, payee.uscc)?.account
        : rows.get<Enterprise>('copy-enterprises', `${city}-${payee.uscc}`)?.account,
  };
};
export type Copies = ReturnType<typeof copiesOf>;
