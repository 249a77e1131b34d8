import type { ServerResponse } from 'node:http';
import { SAFE_HEADERS } from './guard.js';
import type { StudioEvents } from './protocol.js';

/** Milliseconds between signs of life, by which a page notices that the server is gone. */
const HEARTBEAT = 10_000;

/** Pages that listen, by server-sent events. */
export class Listeners {
  readonly #open = new Set<ServerResponse>();
  readonly #timer = setInterval(() => {
    for (const response of this.#open) response.write(': here\n\n');
  }, HEARTBEAT).unref();

  add(response: ServerResponse, first: StudioEvents['snapshot']): void {
    response.writeHead(200, { ...SAFE_HEADERS, 'content-type': 'text/event-stream' });
    this.#open.add(response);
    response.on('close', () => this.#open.delete(response));
    response.write(`retry: 1000\n\n${message('snapshot', first)}`);
  }

  tell<Name extends keyof StudioEvents>(name: Name, value: StudioEvents[Name]): void {
    if (this.#open.size === 0) return;
    const text = message(name, value);
    for (const response of this.#open) response.write(text);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const response of this.#open) response.end();
  }
}

const message = (name: string, value: object) =>
  `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
