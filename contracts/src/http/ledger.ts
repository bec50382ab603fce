export const ledgerCommands = {};
export const ledgerNouns = {};
