export const registryCommands = {};
export const registryNouns = {};
