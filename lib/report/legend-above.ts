/** What a plot compares, by name and colour. */
export interface LegendEntry {
  readonly name: string;
  readonly colour: string;
}

/** Pixels of a letter, about. */
const LETTER = 6.2;

/** Between two entries, and before a name its dash. */
const GAP = 18;

/**
 * A legend in a line above a plot, as layers of it: a picture that stands alone has no page beside it to say what its
 * colours are. Names that do not fit into the line are cut.
 */
export function legendAbove(entries: readonly LegendEntry[], width: number) {
  const most = Math.max(4, Math.floor((width / Math.max(1, entries.length) - GAP) / LETTER) - 2);
  let x = 0;
  return entries.map(({ name, colour }) => {
    const text = `– ${name.length > most ? `${name.slice(0, most - 1)}…` : name}`;
    const at = x;
    x += text.length * LETTER + GAP;
    return {
      data: { values: [{}] },
      mark: {
        type: 'text' as const,
        ...{ text, x: at, y: -12, align: 'left' as const, fontSize: 11 },
        color: colour,
      },
    };
  });
}
