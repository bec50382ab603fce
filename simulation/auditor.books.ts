import type { CloudEvent } from '@tongdui/contracts';
import type { Shown } from './shown.ts';

/** The posting table of the domain, kept by the auditor for itself: every book's accounts, debit positive. */

type Slice = { readonly potId: string; readonly owner: string; readonly fiscalYear: number; readonly amountFen: number };

export class Books {
  readonly balances = new Map<string, number>();

  post(event: CloudEvent) {
    const data = event.data as Shown;
    const slices = (data.slices ?? []) as readonly Slice[];
    const each = (debit: string, credit: string, of: readonly Slice[] = slices) => {
      for (const { owner, amountFen } of of) this.#entry(owner, debit, credit, amountFen);
    };
    switch (shortName(event)) {
      case 'pot-appropriated':
        return each('pot:available', 'pot:appropriated');
      case 'voucher-issued':
        return each('pot:committed', 'pot:available');
      case 'amount-reserved':
        return each('pot:reserved', 'pot:committed');
      case 'amount-released':
        return each(`pot:${data.returnsTo}`, 'pot:reserved');
      case 'amount-redeemed':
        each('pot:redeemed', 'pot:reserved');
        return each(`pot:${data.returnsTo}`, 'pot:reserved', data.released);
      case 'amount-restored':
        return each(`pot:${data.returnsTo}`, 'pot:redeemed');
      case 'voucher-closed':
        return each('pot:available', 'pot:committed');
      case 'claim-payable':
        each('pot:spent', 'pot:redeemed');
        return each('expenditure', 'payable:payee');
      case 'claim-rejected':
        if (!data.wasPayable) return;
        each('pot:redeemed', 'pot:spent');
        return each('payable:payee', 'expenditure');
      case 'clawback-due':
        return each('receivable:payee', 'recoverable');
      case 'clawback-written-off':
        return each('recoverable', 'receivable:payee');
      case 'payment-paid':
        return this.#paid(data, slices);
      case 'payment-returned':
        return this.#back(data, slices, 'payable:payee');
      case 'payment-recovered':
        this.#back(data, slices, 'receivable:payee');
        each('recoverable', 'expenditure');
        return each('pot:available', 'pot:spent');
      default:
        return this.#cleared(event, data, slices, each);
    }
  }

  #cleared(event: CloudEvent, data: Shown, slices: readonly Slice[], each: (debit: string, credit: string) => void) {
    const { debtor, creditor, amountFen, cycle, payer, receiver } = data;
    switch (shortName(event)) {
      case 'dispute-decided':
        if (data.wonBy !== 'debtor') return;
        this.#entry(data.host, 'receivable:lab', `due-to:${data.home}`, amountFen);
        this.#toOwners(data, slices, `due-from:${data.host}`, 'recoverable');
        each('recoverable', 'expenditure');
        return each('pot:available', 'pot:spent');
      case 'prefund-moved': {
        const sign = data.direction === 'deposited' ? 1 : -1;
        this.#entry(debtor, `prefund-at:${creditor}`, 'cash', sign * amountFen);
        return this.#entry(creditor, 'cash', `prefund-of:${debtor}`, sign * amountFen);
      }
      case 'cycle-netted':
        for (const gross of data.gross as Shown[]) {
          this.#entry(gross.debtor, `due-to:${gross.creditor}`, `clearing:${cycle}`, gross.amountFen);
          this.#entry(gross.creditor, `clearing:${cycle}`, `due-from:${gross.debtor}`, gross.amountFen);
        }
        return;
      case 'transfer-sent':
        return this.#entry(payer, `clearing:${cycle}`, 'cash', amountFen);
      case 'transfer-received':
        return this.#entry(receiver, 'cash', `clearing:${cycle}`, amountFen);
      case 'vertical-settled':
        this.#entry(debtor, `due-to:${creditor}`, 'cash', amountFen);
        return this.#entry(creditor, 'cash', `due-from:${debtor}`, amountFen);
      default:
    }
  }

  /** P owes H its share; H has paid itself, or owes the host that fronted. */
  #paid({ home, host, amountFen, route, payee }: Shown, slices: readonly Slice[]): void {
    const isFronted = route === 'host-fronted' && home !== host && payee.kind === 'lab';
    const from = isFronted ? `due-to:${host}` : 'cash';
    if (isFronted) this.#entry(host, `due-from:${home}`, 'cash', amountFen);
    for (const { owner, amountFen: part } of slices) {
      if (owner === home) this.#entry(home, 'payable:payee', from, part);
      else {
        this.#entry(owner, 'payable:payee', `due-to:${home}`, part);
        this.#entry(home, `due-from:${owner}`, from, part);
      }
    }
  }

  #back(data: Shown, slices: readonly Slice[], cleared: string): void {
    const { home, host, amountFen, route, payee } = data;
    const isFronted = route === 'host-fronted' && home !== host && payee.kind === 'lab';
    if (isFronted) this.#entry(host, 'cash', `due-to:${home}`, amountFen);
    this.#toOwners(data, slices, isFronted ? `due-from:${host}` : 'cash', cleared);
  }

  #toOwners({ home }: Shown, slices: readonly Slice[], into: string, cleared: string): void {
    for (const { owner, amountFen } of slices) {
      if (owner === home) this.#entry(home, into, cleared, amountFen);
      else {
        this.#entry(home, into, `due-to:${owner}`, amountFen);
        this.#entry(owner, `due-from:${home}`, cleared, amountFen);
      }
    }
  }

  #entry(book: string, debit: string, credit: string, amountFen: number): void {
    this.#add(`${book} ${debit}`, amountFen);
    this.#add(`${book} ${credit}`, -amountFen);
  }

  #add(account: string, amountFen: number): void {
    this.balances.set(account, (this.balances.get(account) ?? 0) + amountFen);
  }
}

export const shortName = (event: { readonly type: string }): string => event.type.split('.')[2] ?? '';
