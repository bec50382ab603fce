import { audit, type BankAudit, type Figures } from '@tongdui/audit';
import { figuresSchemas, InvariantReport, type PaymentView, serviceNames } from '@tongdui/contracts';
import { client } from '@tongdui/development/client';
import type { System } from '@tongdui/development/system';

const auditor = 'auditor.G60';
/** 12: no month was closed. 14: asked in the overload run. 15: nothing was rebuilt. */
const notLookedAt = new Set(['12', '14', '15']);

/** What the sixteen invariants and the tie-outs say against the books after a run; none when all is well. */
export const violationsOf = async (system: System): Promise<readonly string[]> => {
  await system.waitIdle();
  const api = client(system);
  try {
    const skipped: string[] = [];
    const figuresOf = async <Name extends keyof typeof figuresSchemas>(service: Name) => {
      const reports = await api.everywhere<{ figures: unknown; skipped: readonly unknown[] }>(service, '/tie-outs', auditor);
      skipped.push(...reports.flatMap((report) => report.skipped.map((event) => `${service}: ${JSON.stringify(event)}`)));
      return reports.map(({ figures }) => figuresSchemas[service].parse(figures));
    };
    const reports = await Promise.all(serviceNames.map((service) => api.everywhere(service, '/invariants', auditor)));
    const bank = (await (await fetch(`${system.bankUrl}/audit`)).json()) as BankAudit;
    const findings = audit({
      invariants: reports.flat().map((report) => InvariantReport.parse(report)),
      figures: {
        issuance: (await figuresOf('issuance')) as Figures['issuance'],
        redemption: (await figuresOf('redemption')) as Figures['redemption'],
        clearing: (await figuresOf('clearing')) as Figures['clearing'],
        ledger: (await figuresOf('ledger')) as Figures['ledger'],
      },
      skipped,
      cycles: await api.list('clearing', 'cycles', auditor),
      payments: await api.list<PaymentView>('redemption', 'payments', auditor),
      returned: [],
      bank,
      commands: { acknowledged: 0, missing: [], replayed: [] },
      rebuilt: { compared: 0, different: [] },
    });
    const halted = [...(await system.statuses())].flatMap(([name, status]) =>
      status.halted.map((line) => `${name}: ${JSON.stringify(line)}`),
    );
    return [
      ...Object.entries(findings).flatMap(([number, { violations }]) =>
        notLookedAt.has(number) ? [] : violations.map((violation) => `${number}: ${violation}`),
      ),
      ...halted,
    ];
  } finally {
    api.close();
  }
};
