export const redemptionCommands = {};
export const redemptionNouns = {};
