import type { CloudEvent, ServiceName } from '@tongdui/contracts';
import type { Request } from '@tongdui/decider/operation';
import type { Call } from './calls.ts';
import type { Reply } from './process.ts';
export class Auditor {
  constructor(_violated: (v: string) => void) {}
  recorded(_stream: string, _request: { key: string; hash: string } | undefined): void {}
  published(_event: CloudEvent): void {}
  asked(call: Call, request: Request): { call: Call; request: Request } { return { call, request }; }
  answered(_asked: { call: Call; request: Request }, _reply: Reply): void {}
  close(_rows: (service: ServiceName) => readonly unknown[], _paid: unknown): void {}
}
