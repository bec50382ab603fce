/** What became of one invariant: how much was looked at, and what was found wrong. */
export type Finding = { readonly held: boolean; readonly checked: number; readonly violations: readonly string[] };

export const found = (checked: number, violations: readonly string[]): Finding => ({ held: violations.length === 0, checked, violations });

export const together = (findings: readonly Finding[]): Finding =>
  found(
    findings.reduce((sum, { checked }) => sum + checked, 0),
    findings.flatMap(({ held, violations }) => (held || violations.length > 0 ? violations : ['a violation without a description'])),
  );

/** One comparison of two figures that must be the same. */
export const same = (what: string, stated = 0, counted = 0): Finding =>
  found(1, stated === counted ? [] : [`${what}: ${stated} and ${counted} fen`]);
