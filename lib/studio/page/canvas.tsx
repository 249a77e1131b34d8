import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { isDark } from './theme.js';

/** A picture that is drawn again when what it shows, its size or the theme changes. */
export function Canvas({
  label,
  draw,
  of,
  class: name = '',
}: {
  /** What it shows, for those who do not see it. */
  label: string;
  draw: (canvas: HTMLCanvasElement) => void;
  /** What it is drawn from. */
  of: readonly unknown[];
  class?: string;
}) {
  const place = useRef<HTMLCanvasElement>(null);
  const latest = useRef(draw);
  latest.current = draw;
  const dark = isDark();
  // In the frame of all else that has changed: a second one costs as much as the first.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `of` says what the drawing is made from
  useLayoutEffect(() => {
    if (place.current) latest.current(place.current);
  }, [...of, dark]);
  useEffect(() => {
    const watcher = new ResizeObserver(() => {
      if (place.current) latest.current(place.current);
    });
    if (place.current) watcher.observe(place.current);
    return () => watcher.disconnect();
  }, []);
  return <canvas ref={place} class={name} role="img" aria-label={label} />;
}
