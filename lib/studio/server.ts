import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { FewSoundError } from '../errors.js';
import { Listeners } from './events.js';
import { Guard, REPORT_POLICY, SAFE_HEADERS } from './guard.js';
import type { Problem } from './protocol.js';

/** What a route answers with. */
export type Answer =
  | { readonly json: unknown }
  /** Float32 samples; `version` is counted up with every change. */
  | { readonly samples: Float32Array; readonly version?: number }
  | { readonly file: string; readonly type: string; readonly name?: string }
  | { readonly listen: true };

/** A request as routes see it. */
export interface Asked {
  /** The parts of the path that the pattern has in groups. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly json: () => Promise<unknown>;
  /** @param limit bytes that are taken */
  readonly bytes: (limit: number) => Promise<Buffer>;
}

/** A method and a path: `GET /api/runs/:/sound`, where `:` is any word. */
export type Routes = Readonly<Record<string, (asked: Asked) => Promise<Answer> | Answer>>;

/** Bytes of a command of the page. */
const MOST_JSON = 1_000_000;

/** Bytes of a recording that is brought: an hour of CD. */
export const UPLOAD_LIMIT = 400_000_000;

const PAGE_FILES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'main.js': 'text/javascript; charset=utf-8',
  'main.css': 'text/css; charset=utf-8',
};

/** Gone at once; without an icon of its own, a browser that is slow to go on asks for one. */
const GREETING = '<!doctype html><title>fewsound studio</title><link rel="icon" href="data:,">';

/** Refused as larger than a limit of bytes. */
class TooLarge extends Error {
  constructor(readonly limit: number) {
    super();
  }
}

/** Serves the page and its routes on the loopback device. */
export class StudioServer {
  readonly listeners = new Listeners();
  readonly #server: Server;
  #guard: Guard | undefined;
  readonly #routes: readonly { method: string; path: RegExp; work: Routes[string] }[];

  /** @param pageFolder with the page's program, as the build made it */
  constructor(
    routes: Routes,
    private readonly snapshot: () => Parameters<Listeners['add']>[1],
    private readonly pageFolder: string,
  ) {
    this.#routes = Object.entries(routes).map(([name, work]) => {
      const [method, path] = name.split(' ') as [string, string];
      return { method, path: new RegExp(`^${path.replace(/:/g, '([^/]+)')}$`), work };
    });
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        if (!response.headersSent) refuse(response, error);
        else response.destroy();
      });
    });
  }

  /**
   * @param port 0 for any that is free
   * @returns the address with the token
   * @throws FewSoundError IO where the port is taken
   */
  async listen(port: number): Promise<string> {
    await new Promise<void>((done, failed) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const taken = cause.code === 'EADDRINUSE';
        const text = taken
          ? `port ${port} is taken; give another by --port, or none for one that is free.`
          : `the port ${port} cannot be opened (${cause.message}).`;
        failed(new FewSoundError('IO', text, { field: 'port', cause }));
      });
      this.#server.listen(port, '127.0.0.1', done);
    });
    const { port: own } = this.#server.address() as AddressInfo;
    this.#guard = new Guard(own);
    return `http://127.0.0.1:${own}/?token=${this.#guard.token}`;
  }

  async close(): Promise<void> {
    this.listeners.close();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const guard = this.#guard as Guard;
    const url = new URL(request.url ?? '/', 'http://studio');
    const verdict = guard.judge(request, url);
    if (verdict === 'greet') {
      // Not a redirection: where a file led here, the browser would follow it without the cookie.
      const type = 'text/html; charset=utf-8';
      const leave = { 'set-cookie': guard.cookie, refresh: '0; url=/', 'content-type': type };
      response.writeHead(200, { ...SAFE_HEADERS, ...leave }).end(GREETING);
      return;
    }
    if (verdict !== 'pass') {
      const headers = { ...SAFE_HEADERS, 'content-type': 'text/plain; charset=utf-8' };
      response.writeHead(403, headers).end(`${verdict.refuse}\n`);
      return;
    }
    const page = url.pathname === '/' ? 'index.html' : url.pathname.slice(1);
    const type = PAGE_FILES[page];
    if (request.method === 'GET' && type !== undefined) {
      const body = readFileSync(join(this.pageFolder, page));
      response.writeHead(200, { ...SAFE_HEADERS, 'content-type': type }).end(body);
      return;
    }
    for (const { method, path, work } of this.#routes) {
      const parts = path.exec(url.pathname)?.slice(1).map(decoded);
      if (parts === undefined || method !== request.method) continue;
      const bytes = (limit: number) => bodyOf(request, limit);
      const json = async () => JSON.parse((await bodyOf(request, MOST_JSON)).toString()) as unknown;
      this.#answer(response, await work({ parts, query: url.searchParams, json, bytes }));
      return;
    }
    respond(response, 404, { code: 'FILE_NOT_FOUND', message: 'There is no such page.' });
  }

  #answer(response: ServerResponse, answer: Answer): void {
    if ('listen' in answer) {
      this.listeners.add(response, this.snapshot());
    } else if ('json' in answer) {
      const headers = { ...SAFE_HEADERS, 'content-type': 'application/json' };
      response.writeHead(200, headers).end(JSON.stringify(answer.json));
    } else if ('samples' in answer) {
      const { samples, version = 0 } = answer;
      response.writeHead(200, {
        ...SAFE_HEADERS,
        'content-type': 'application/octet-stream',
        'x-version': version,
      });
      response.end(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
    } else {
      sendFile(response, answer);
    }
  }
}

function sendFile(response: ServerResponse, answer: Extract<Answer, { file: string }>): void {
  const { file, type, name } = answer;
  if (!existsSync(file)) {
    throw new FewSoundError('FILE_NOT_FOUND', 'This file is not there yet: the run has not ended.');
  }
  response.writeHead(200, {
    ...SAFE_HEADERS,
    'content-type': type,
    ...(name === undefined
      ? { 'content-security-policy': REPORT_POLICY }
      : { 'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}` }),
  });
  // Whichever fails, or goes away, both are closed.
  pipeline(createReadStream(file), response, () => {});
}

/** @throws TooLarge before more is kept than the limit */
async function bodyOf(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw new TooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new TooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuse(response: ServerResponse, error: unknown): void {
  if (error instanceof TooLarge) {
    response.setHeader('connection', 'close');
    const message = `This is larger than ${Math.round(error.limit / 1e6)} MB, the most that is taken here.`;
    respond(response, 413, { code: 'INVALID_ARGUMENT', message });
  } else if (error instanceof FewSoundError) {
    const { code, message, field } = error;
    respond(response, 422, { code, message, ...(field !== undefined && { field }) });
  } else if (error instanceof SyntaxError || error instanceof TypeError) {
    respond(response, 400, { code: 'INVALID_ARGUMENT', message: 'The request is not understood.' });
  } else {
    respond(response, 500, { code: 'INTERNAL', message: String(error) });
  }
}

function respond(response: ServerResponse, status: number, problem: Problem): void {
  const headers = { ...SAFE_HEADERS, 'content-type': 'application/json' };
  response.writeHead(status, headers).end(JSON.stringify({ error: problem }));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
