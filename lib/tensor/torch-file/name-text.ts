const LONGEST = 100;

/** A name out of a file, fit for a message: no control characters, not without end. */
export function nameText(name: string): string {
  const short = name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name;
  return JSON.stringify(short).slice(1, -1);
}
