import { simulate } from './simulate.ts';

const seed = Number(process.env.SEED ?? 1);
const t = performance.now();
const history = await simulate({ seed, commands: Number(process.env.COMMANDS ?? 220), ...(process.env.VERBOSE ? { onCommand: (n, c, r) => console.log(n, c.operation, c.path, r.is, 'reason' in r ? r.reason : '') } : {}) });
console.log(JSON.stringify(history, undefined, 1), performance.now() - t);
