export * from "./http/route.ts";
export * from './cloud-event.ts';
export * from './vocabulary.ts';
