import { signal } from '@preact/signals';

/** What went wrong, or is worth knowing, in sentences; the newest last. */
export const problems = signal<readonly { readonly id: number; readonly text: string }[]>([]);

let count = 0;

/** Tells the person; stays until it is closed, but no more than three. */
export function say(text: string): void {
  const others = problems.value.filter((each) => each.text !== text);
  problems.value = [...others, { id: ++count, text }].slice(-3);
}

export function forget(id: number): void {
  problems.value = problems.value.filter((each) => each.id !== id);
}
