import { z } from 'zod';

/** Access tokens of the development grant, kept until a minute before they expire. */
export class Tokens {
  readonly #issuer: string;
  readonly #kept = new Map<string, { readonly token: string; readonly goodUntilMs: number }>();

  constructor(issuer: string) {
    this.#issuer = issuer;
  }

  async of(sub: string): Promise<string> {
    const kept = this.#kept.get(sub);
    if (kept && kept.goodUntilMs > Date.now()) return kept.token;
    const { access_token: token, expires_in: seconds } = await this.#ask(sub);
    this.#kept.set(sub, { token, goodUntilMs: Date.now() + (seconds - 60) * 1000 });
    return token;
  }

  async #ask(sub: string): Promise<z.infer<typeof TokenAnswer>> {
    const response = await fetch(`${this.#issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'urn:tongdui:development-grant', client_id: 'tongdui-scripts', person: sub }),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(`no token for ${sub}: ${await response.text()}`);
    return TokenAnswer.parse(await response.json());
  }
}

const TokenAnswer = z.looseObject({ access_token: z.string(), expires_in: z.number() });
