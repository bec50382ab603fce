import { corridorData, corridorHome, type Home, Member, members, type Role, Uscc } from '@tongdui/contracts';

/** What a token says about a person. People of an enterprise or a lab carry their organisation. */
export type Person = {
  readonly sub: string;
  readonly city: Home;
  readonly org?: Uscc;
  readonly roles: readonly Role[];
  readonly name: { readonly zh: string; readonly en: string };
};

/** The seeded people, or a person of any organisation with a valid code: `enterprise.<home>.<USCC>`, `lab.<home>.<USCC>`. */
export const findPerson = (sub: string): Person | undefined => seededBySub.get(sub) ?? organisationPerson(sub);

type Seat = { readonly role: Role; readonly count: number; readonly zh: string; readonly en: string };

/** Enough people that applicant, reviewer, approver and payer of one claim can be distinct. */
const citySeats: readonly Seat[] = [
  { role: 'policy-officer', count: 1, zh: '政策专员', en: 'Policy officer' },
  { role: 'budget-officer', count: 1, zh: '预算专员', en: 'Budget officer' },
  { role: 'reviewer', count: 3, zh: '审核员', en: 'Reviewer' },
  { role: 'approver', count: 2, zh: '审批人', en: 'Approver' },
  { role: 'payer', count: 1, zh: '支付专员', en: 'Payer' },
  { role: 'treasurer', count: 1, zh: '资金专员', en: 'Treasurer' },
  { role: 'auditor', count: 1, zh: '审计员', en: 'Auditor' },
  { role: 'operator', count: 1, zh: '运维员', en: 'Operator' },
];

const corridorSeats: readonly Seat[] = [
  { role: 'joint-office', count: 2, zh: '联席办', en: 'Joint office' },
  { role: 'reviewer', count: 1, zh: '审核员', en: 'Reviewer' },
  { role: 'auditor', count: 1, zh: '审计员', en: 'Auditor' },
  { role: 'operator', count: 1, zh: '运维员', en: 'Operator' },
];

const cityNames = new Map<string, { zh: string; en: string }>([
  ...corridorData.members.map((member) => [member.code, { zh: member.zh, en: member.en }] as const),
  [corridorHome, { zh: 'G60 联席办', en: 'G60' }],
]);

const seatedAt = (city: Home, seats: readonly Seat[]): Person[] =>
  seats.flatMap((seat) =>
    Array.from({ length: seat.count }, (_, index) => {
      const number = seat.count === 1 ? '' : String(index + 1);
      const place = cityNames.get(city);
      return {
        sub: `${seat.role}${number && '-'}${number}.${city}`,
        city,
        roles: [seat.role],
        name: { zh: `${place?.zh} ${seat.zh}${number}`, en: `${place?.en} ${seat.en.toLowerCase()}${number && ' '}${number}` },
      };
    }),
  );

export const seededPeople: readonly Person[] = [
  ...members.flatMap((member) => seatedAt(member as string as Home, citySeats)),
  ...seatedAt(corridorHome, corridorSeats),
];

const seededBySub = new Map(seededPeople.map((person) => [person.sub, person]));

const organisationPerson = (sub: string): Person | undefined => {
  const [role, city, code, ...rest] = sub.split('.');
  if ((role !== 'enterprise' && role !== 'lab') || rest.length > 0) return undefined;
  const home = Member.safeParse(city);
  const org = Uscc.safeParse(code);
  if (!home.success || !org.success) return undefined;
  const place = cityNames.get(home.data);
  return {
    sub,
    city: home.data as string as Home,
    org: org.data,
    roles: [role],
    name:
      role === 'enterprise'
        ? { zh: `${place?.zh} 企业 ${org.data}`, en: `${place?.en} enterprise ${org.data}` }
        : { zh: `${place?.zh} 服务机构 ${org.data}`, en: `${place?.en} lab ${org.data}` },
  };
};
