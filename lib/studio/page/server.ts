import type { Problem } from '../protocol.js';
import { say } from './problems.js';

/** Why a request failed: what the server says, else that it does not answer. */
export class Refused extends Error {
  /** @param field of the request that is wrong */
  constructor(
    message: string,
    readonly field?: string,
  ) {
    super(sentence(message));
  }
}

async function ask(path: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Refused('The studio does not answer. Is `fewsound studio` still running?');
  }
  if (response.ok) return response;
  const text = await response.text();
  let problem: Partial<Problem> = {};
  try {
    problem = (JSON.parse(text) as { error: Problem }).error;
  } catch {
    // Not one of its errors: shown as it is.
  }
  throw new Refused(problem.message ?? text, problem.field);
}

/** JSON of the server. */
export async function get<T>(path: string): Promise<T> {
  return (await ask(path)).json() as Promise<T>;
}

/** Samples of the server, with the count of their changes. */
export async function getSamples(
  path: string,
): Promise<{ samples: Float32Array; version: number }> {
  const response = await ask(path);
  const version = Number(response.headers.get('x-version') ?? 0);
  return { samples: new Float32Array(await response.arrayBuffer()), version };
}

/** Asks the server to do something. */
export async function post<T>(path: string, body: object | Blob = {}): Promise<T> {
  const bytes = body instanceof Blob ? body : JSON.stringify(body);
  return (await ask(path, { method: 'POST', body: bytes })).json() as Promise<T>;
}

/** Does something for a button: what goes wrong is told. */
export async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    say(sentence((error as Error).message));
  }
}

const sentence = (text: string) => {
  const trimmed = text.trim();
  // Names of files and of options stay as they are.
  const begun = trimmed.replace(
    /^[a-z]+(?=,? )/,
    (word) => word.charAt(0).toUpperCase() + word.slice(1),
  );
  return /[.!?)]$/.test(begun) ? begun : `${begun}.`;
};
