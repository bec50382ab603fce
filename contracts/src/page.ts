export const contractsPage = (_documents: readonly Record<string, unknown>[]): string => '';
