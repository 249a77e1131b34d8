import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What every answer says: the page runs its own program, and asks this server only. */
export const SAFE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'microphone=(self), camera=(), geolocation=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
} as const;

/** A report is a page with programs of its own: it gets them, and nothing of this server. */
export const REPORT_POLICY =
  "sandbox allow-scripts allow-popups; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; media-src data:";

/** What is to become of a request. */
export type Verdict = 'pass' | 'greet' | { readonly refuse: string };

/**
 * Lets in who knows the address that was printed, and from a page of this server only. Other
 * programs of the machine can reach the port, and so can pages of other sites, through the browser:
 * by a name of theirs that they point to this machine (hence Host), or by a form (hence Origin).
 */
export class Guard {
  readonly token = randomBytes(24).toString('base64url');
  readonly #names: ReadonlySet<string>;
  readonly #cookie: string;

  constructor(port: number) {
    this.#names = new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]);
    // Cookies do not know ports: two studios would share one.
    this.#cookie = `fewsound-studio-${port}`;
  }

  /** The header that keeps the token, so that the address need not. */
  get cookie(): string {
    return `${this.#cookie}=${this.token}; HttpOnly; SameSite=Strict; Path=/`;
  }

  judge({ method, headers }: IncomingMessage, url: URL): Verdict {
    const { host = '', origin, cookie = '' } = headers;
    if (!this.#names.has(host)) return { refuse: 'This server answers to its own address only.' };
    if (url.pathname === '/' && this.#isToken(url.searchParams.get('token') ?? '')) return 'greet';
    const given = cookie.split(/;\s*/).find((each) => each.startsWith(`${this.#cookie}=`));
    if (given === undefined || !this.#isToken(given.slice(this.#cookie.length + 1))) {
      return { refuse: 'Open the address that fewsound printed: it has the key to this page.' };
    }
    const site = headers['sec-fetch-site'];
    const foreign = site !== undefined && site !== 'same-origin' && site !== 'none';
    const changes = method !== 'GET' && method !== 'HEAD';
    if (foreign || (changes && origin !== `http://${host}`)) {
      return { refuse: 'This request is from another page.' };
    }
    return 'pass';
  }

  #isToken(text: string): boolean {
    const [given, own] = [Buffer.from(text), Buffer.from(this.token)];
    return given.length === own.length && timingSafeEqual(given, own);
  }
}
