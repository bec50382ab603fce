export const issuanceCommands = {};
export const issuanceNouns = {};
