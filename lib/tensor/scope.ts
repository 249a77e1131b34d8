import { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';
import { addon, addonLoaded } from '../addon/addon.js';
import { FewSoundError } from '../errors.js';

/** What is alive in this JavaScript environment (the main thread or one worker). */
export interface MemoryUse {
  /** Tensors neither disposed of nor collected, without the parameters of networks. */
  readonly tensors: number;
  /** Bytes that they hold, by device; shared memory counts once. */
  readonly bytes: Readonly<Record<string, number>>;
}

/** Counts the live tensors and their bytes. Loads nothing: before the first tensor it is zero. */
export function memory(): MemoryUse {
  return addonLoaded() ? addon().memory() : { tensors: 0, bytes: {} };
}

// Scopes free tensors as soon as a piece of work is done. JavaScript's collector cannot: its
// finalizers wait for the event loop, which a computing loop never enters.

interface Resource {
  dispose(): void;
}

/** Method of an object whose tensors leave a scope with it. */
export const ownedTensors: unique symbol = Symbol('fewsound.ownedTensors');

class Frame {
  readonly parent: Frame | undefined;
  readonly members = new Set<Resource>();
  open = true;

  constructor(parent: Frame | undefined) {
    this.parent = parent;
  }

  close(result: unknown): void {
    this.open = false;
    let leaving = new Set<Resource>();
    try {
      if (this.members.size > 0) leaving = this.leaving(result);
    } finally {
      // A result that cannot be looked into keeps none.
      const outer = nearestOpen(this.parent);
      for (const member of this.members) {
        if (!leaving.has(member)) {
          frames.delete(member);
          member.dispose();
        } else {
          enter(member, outer);
        }
      }
      this.members.clear();
    }
  }

  private leaving(result: unknown): Set<Resource> {
    const found = new Set<Resource>();
    const seen = new Set<object>();
    const queue: object[] = [];
    const visit = (value: unknown) => {
      if (typeof value !== 'object' || value === null || seen.has(value)) return;
      seen.add(value);
      queue.push(value);
    };
    visit(result);
    for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
      if (this.members.has(value as Resource)) found.add(value as Resource);
      for (const part of inside(value)) visit(part);
    }
    return found;
  }
}

/** The values inside a result: of arrays, plain objects, maps, sets, and owners of tensors. */
function inside(value: object): Iterable<unknown> {
  if (Array.isArray(value) || types.isSet(value)) return value;
  if (types.isMap(value)) return [...value.keys(), ...value.values()];
  if (ownedTensors in value) {
    return (value as { [ownedTensors](): Iterable<unknown> })[ownedTensors]();
  }
  const prototype = Object.getPrototypeOf(value);
  const plain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return plain ? Object.values(value) : [];
}

const storage = new AsyncLocalStorage<Frame>();
const frames = new WeakMap<Resource, Frame>();

function nearestOpen(frame: Frame | undefined): Frame | undefined {
  let found = frame;
  while (found && !found.open) found = found.parent;
  return found;
}

function enter(resource: Resource, frame: Frame | undefined): void {
  if (!frame) {
    frames.delete(resource);
    return;
  }
  frame.members.add(resource);
  frames.set(resource, frame);
}

/** Puts a new resource into the current scope, if there is one. */
export function enterScope(resource: Resource): void {
  const frame = nearestOpen(storage.getStore());
  if (frame) enter(resource, frame);
}

export function leaveScope(resource: Resource): void {
  const frame = frames.get(resource);
  if (!frame) return;
  frame.members.delete(resource);
  frames.delete(resource);
}

/**
 * Runs `body` and then frees every tensor that was created in it, except those that it returns: as
 * the result itself or in arrays, plain objects, maps and sets. Those move to the enclosing scope,
 * if there is one. After an error all are freed.
 *
 * Scopes nest. A body may be async; then the scope ends with its promise, and concurrent scopes do
 * not mix. Each worker thread has its own.
 *
 * ```ts
 * const rms = scope(() => signal.square().mean().sqrt()); // two tensors freed, one kept
 * ```
 */
export function scope<T>(body: () => T): T {
  requireFunction('scope', body);
  const frame = new Frame(storage.getStore());
  let result: T;
  try {
    result = storage.run(frame, body);
  } catch (error) {
    frame.close(undefined);
    throw error;
  }
  if (!isThenable(result)) {
    frame.close(result);
    return result;
  }
  // Inside the scope, so that tensors created by a lazy thenable belong to it.
  return storage
    .run(frame, () => Promise.resolve(result))
    .then(
      (value) => {
        frame.close(value);
        return value;
      },
      (error) => {
        frame.close(undefined);
        throw error;
      },
    ) as T;
}

/** Takes a tensor out of its scope, to live until disposed of or collected. Returns it. */
export function keep<T extends Resource>(tensor: T): T {
  leaveScope(tensor);
  return tensor;
}

/** Whether a value is a promise or acts like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/** @throws FewSoundError INVALID_ARGUMENT where the body is not a function */
export function requireFunction(operator: string, body: unknown): void {
  if (typeof body === 'function') return;
  throw new FewSoundError(
    'INVALID_ARGUMENT',
    `${operator}: body is ${body === null ? 'null' : `a ${typeof body}`}; expected a function.`,
    { operator, field: 'body' },
  );
}
