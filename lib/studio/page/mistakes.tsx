import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

/** What is wrong with the form that was sent: the field, as the server calls it, and why. */
export const mistake = signal<{ readonly field: string; readonly text: string } | undefined>(
  undefined,
);

/** Fields that can show it. */
const shown = new Set<string>();

/**
 * Shows beside a field what is wrong with it.
 *
 * @returns whether the page has such a field
 */
export function blame(field: string | undefined, text: string): boolean {
  mistake.value = field !== undefined && shown.has(field) ? { field, text } : undefined;
  return mistake.value !== undefined;
}

/** Whether a field of one of these names is wrong. */
export const isWrong = (...names: readonly string[]) => names.includes(mistake.value?.field ?? '');

/** What is wrong with a field, below it; it is brought into view with what it is folded into. */
export function Mistake({ of }: { of: readonly string[] }) {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    for (const name of of) shown.add(name);
    return () => {
      for (const name of of) shown.delete(name);
    };
  }, of);
  const wrong = isWrong(...of) ? mistake.value : undefined;
  useEffect(() => {
    const element = place.current;
    const folded = element?.closest('details');
    if (folded) folded.open = true;
    const field = element?.parentElement?.querySelector<HTMLElement>('input, select');
    if (field && wrong) field.focus();
  }, [wrong]);
  return wrong === undefined ? null : (
    <strong class="mistake" role="alert" ref={place}>
      {wrong.text}
    </strong>
  );
}
