export const clearingCommands = {};
export const clearingNouns = {};
