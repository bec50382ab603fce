import { describe, expect, test } from 'vitest';
import { AnswerFailed, answerAsks, ask } from './ask.ts';
import { memoryHub } from './memory-transport.ts';
import { home, otherHome } from './testing.ts';
import { Unreachable } from './transport.ts';

const parse = (answer: unknown) => answer as { readonly is: string; readonly of?: string };

describe('asking another home', () => {
  test('brings its answer', async () => {
    const hub = memoryHub();
    answerAsks(hub.connect('other'), 'clearing', [home, otherHome], async (payload, at) => ({
      is: 'yes',
      of: `${at} ${JSON.stringify(payload)}`,
    }));
    const answer = await ask(hub.connect('here'), { service: 'clearing', home: otherHome }, { amountFen: 5 }, { parse });
    expect(answer).toEqual({ is: 'yes', of: '330400 {"amountFen":5}' });
  });

  test('is unreachable, never refused, when the other side fails to answer', async () => {
    const hub = memoryHub();
    answerAsks(hub.connect('other'), 'clearing', [home], () => Promise.reject(new Error('disk full')));
    const asked = ask(hub.connect('here'), { service: 'clearing', home }, {}, { parse });
    await expect(asked).rejects.toThrow(AnswerFailed);
    await expect(asked).rejects.toThrow(Unreachable);
    await expect(asked).rejects.toThrow('clearing of 310117 failed: disk full');
  });

  test('is unreachable when nobody answers, or not in time', async () => {
    const hub = memoryHub();
    await expect(ask(hub.connect('here'), { service: 'clearing', home }, {}, { parse })).rejects.toThrow(Unreachable);
    answerAsks(hub.connect('other'), 'clearing', [home], () => new Promise(() => {}));
    const asked = ask(hub.connect('there'), { service: 'clearing', home }, {}, { parse });
    hub.runLater();
    await expect(asked).rejects.toThrow('no answer in time');
  });
});
