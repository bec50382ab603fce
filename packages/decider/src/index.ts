export * from './decision.ts';
export * from './coordination.ts';
