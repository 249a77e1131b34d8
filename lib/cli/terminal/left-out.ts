import { type LeftOut, type LeftOutReason, leftOutReasons } from '../../data/index.js';
import { formatCount } from '../../report/text-table.js';
import { type CommandContext, stylist } from '../command.js';

/** Names that a line has; all are in the JSON. */
const NAMED = 3;

/** What a listing left out, a line for each reason. */
export function leftOutLines(leftOut: readonly LeftOut[]): string[] {
  const reasons = Object.keys(leftOutReasons) as LeftOutReason[];
  return reasons.flatMap((reason) => {
    const names = leftOut.filter((each) => each.reason === reason).map(({ name }) => name);
    if (names.length === 0) return [];
    const more = names.length - NAMED;
    const listed = names.slice(0, NAMED).join(', ');
    const all = more > 0 ? `${listed} and ${formatCount(more)} more` : listed;
    return [`${all} left out: ${leftOutReasons[reason]}`];
  });
}

/** Warns of it before the work begins; not where the result's JSON says it. */
export function warnOfLeftOut(
  leftOut: readonly LeftOut[],
  { stderr, json, quiet }: CommandContext,
): void {
  if (json || quiet) return;
  for (const line of leftOutLines(leftOut)) {
    stderr.write(`${stylist(stderr)('yellow', 'fewsound:')} ${line}\n`);
  }
}
