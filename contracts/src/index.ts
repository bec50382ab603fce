export * from './cloud-event.ts';
export * from './vocabulary.ts';
