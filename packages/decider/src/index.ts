export * from './coordination.ts';
export * from './decision.ts';
