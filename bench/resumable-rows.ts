import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A benchmark's rows, a line of JSON each in fewsound-out/bench-NAME.jsonl: what is there already is
 * not measured again, so that it can be stopped at any time.
 *
 * @param rows where each row is put, old or new
 * @param keyOf tells rows apart by what was wanted of them
 * @returns gives a row, measured now where it is not there
 */
export function resumableRows<Wanted, Row extends Wanted>(
  name: string,
  rows: Row[],
  keyOf: (row: Wanted) => string,
): (wanted: Wanted, measure: () => Promise<Omit<Row, keyof Wanted>>) => Promise<void> {
  mkdirSync('fewsound-out', { recursive: true });
  const log = join('fewsound-out', `bench-${name}.jsonl`);
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : [];
  const known = lines.filter((line) => line !== '').map((line): Row => JSON.parse(line));
  return async (wanted, measure) => {
    const done = known.find((row) => keyOf(row) === keyOf(wanted));
    const row = done ?? ({ ...wanted, ...(await measure()) } as Row);
    if (done === undefined) {
      appendFileSync(log, `${JSON.stringify(row)}\n`);
      console.error(JSON.stringify(row));
    }
    rows.push(row);
  };
}
