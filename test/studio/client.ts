import type { LearnRequest, RecordingShape, RunState, Snapshot } from '../../lib/studio/protocol';
import { tones } from './open-studio';

type Init = RequestInit & { headers?: Record<string, string> };

/** What the page of a studio asks of it, without a browser. */
export class Client {
  private constructor(
    readonly origin: string,
    readonly cookie: string,
  ) {}

  static async of(address: string): Promise<Client> {
    const greeted = await fetch(address);
    expect(greeted.status).toBe(200);
    const cookie = (greeted.headers.get('set-cookie') as string).split(';')[0] as string;
    return new Client(new URL(address).origin, cookie);
  }

  ask(path: string, init: Init = {}): Promise<Response> {
    const headers = { cookie: this.cookie, ...init.headers };
    return fetch(`${this.origin}${path}`, { ...init, headers });
  }

  post(
    path: string,
    body: NonNullable<RequestInit['body']>,
    headers: Record<string, string> = { origin: this.origin },
  ): Promise<Response> {
    return this.ask(path, { method: 'POST', body, headers });
  }

  /** What a page is told first. */
  async snapshot(): Promise<Snapshot> {
    const response = await this.ask('/events');
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = '';
    while (!text.includes('\n\n', text.indexOf('data:'))) {
      text += Buffer.from((await reader.read()).value as Uint8Array).toString();
    }
    await reader.cancel();
    return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] as string) as Snapshot;
  }

  async untilStatus(id: string, ...wanted: RunState['status'][]): Promise<RunState> {
    for (;;) {
      const run = (await this.snapshot()).runs.find((each) => each.id === id);
      if (run !== undefined && wanted.includes(run.status)) return run;
      if (run?.status === 'failed') throw new Error(run.error);
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  async bring(): Promise<RecordingShape> {
    const response = await this.post('/api/recordings?name=two%20tones.wav', Buffer.from(tones()));
    expect(response.status).toBe(200);
    return (await response.json()) as RecordingShape;
  }

  /** @returns the ids of the runs */
  async learn(body: string): Promise<[string, ...string[]]> {
    const response = await this.post('/api/learn', body);
    return ((await response.json()) as { ids: [string, ...string[]] }).ids;
  }
}

/** A network that learns quickly. */
export const small = { kind: 'kan', recipe: 'paper', options: { layers: '8,4', grid: '4' } };

export function request(recording: string, steps: number, change: Partial<LearnRequest> = {}) {
  return JSON.stringify({
    recording,
    stretch: { offset: 0.05, samples: 1500, sampleRate: 8000, channel: 'mix' },
    networks: [small],
    training: { 'loss.fftSizes': '256', 'loss.mels': '20' },
    ...{ seed: '3', device: 'cpu', budget: { unit: 'steps', amount: steps } },
    ...change,
  } satisfies LearnRequest);
}
