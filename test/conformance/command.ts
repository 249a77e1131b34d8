import { parseArgs } from 'node:util';
import { addon } from '../../lib/addon/addon.js';
import type { Device } from '../../lib/tensor/index.js';
import { heading, largest, reportLines } from './report-lines.js';
import { type FileReport, runConformance } from './run-conformance.js';

const usage = `npm run conformance -- DIR [--only PATTERN,…] [--device DEVICE] [--json]

Checks the golden files of DIR. Prints a line a file with the largest absolute and relative error; the
relative error of a tensor is its largest difference over the largest magnitude of the golden tensor.
Beside float32 networks stand three relative errors against our float64 evaluation: the golden tensor's,
ours, and what moving every parameter by half a float32 unit does. A tensor that is farther from the golden
one than the rule passes where float64 shows that this is rounding. Exit status 1 where a file is out of
tolerance or of a kind that is not known, 2 for a usage error.

  --only PATTERN,…  only the files with these names; * stands for anything
  --device DEVICE   where to compute: cpu, cuda or cuda:N; cpu by default
  --json            one JSON object on standard output
`;

/** Where the command writes. */
export interface Output {
  out(line: string): void;
  err(line: string): void;
}

/** The command; returns its exit status. */
export async function conformanceCommand(args: readonly string[], output: Output): Promise<number> {
  const parsed = parseCommand(args);
  if (typeof parsed === 'string') {
    output.err(`${parsed}\n\n${usage}`);
    return 2;
  }
  const { folder, only, device, json, help } = parsed;
  if (help) {
    output.out(usage);
    return 0;
  }
  addon(); // a missing LibTorch is one error, not one for each file
  if (!json) output.out(heading);
  const reports = await runConformance(folder, {
    only,
    device,
    evidence: 'always',
    onFile: (report) => {
      if (!json) for (const line of reportLines(report)) output.out(line);
    },
  });
  output.out(json ? asJson(reports) : totals(reports));
  if (reports.length === 0) output.err(`${folder} holds no golden file of that name.`);
  return allPassed(reports) ? 0 : 1;
}

interface ParsedCommand {
  readonly folder: string;
  readonly only: readonly string[];
  readonly device: Device;
  readonly json: boolean;
  readonly help: boolean;
}

/** The arguments, or what is wrong with them. */
function parseCommand(args: readonly string[]): ParsedCommand | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        only: { type: 'string', default: '' },
        device: { type: 'string', default: 'cpu' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const { only, device, json, help } = values;
    const [folder = ''] = positionals;
    if (positionals.length !== 1 && !help) return 'expected one folder';
    if (!isDevice(device)) return `--device is "${device}"; expected cpu, cuda or cuda:N`;
    return {
      folder,
      device,
      json,
      help,
      only: only.split(',').filter((pattern) => pattern !== ''),
    };
  } catch (error) {
    return (error as Error).message;
  }
}

function isDevice(text: string): text is Device {
  return /^(cpu|cuda(:\d+)?)$/.test(text);
}

function allPassed(reports: readonly FileReport[]): boolean {
  return reports.length > 0 && reports.every(({ status }) => status === 'pass');
}

function asJson(reports: readonly FileReport[]): string {
  const files = reports.map((report) =>
    report.comparisons.length > 0 ? { ...report, ...largest(report.comparisons) } : report,
  );
  return JSON.stringify({ passed: allPassed(reports), files }, undefined, 2);
}

function totals(reports: readonly FileReport[]): string {
  const count = (...wanted: FileReport['status'][]) =>
    reports.filter(({ status }) => wanted.includes(status)).length;
  return `${count('pass')} passed, ${count('fail', 'error')} failed, ${count('unknown')} of an unknown kind`;
}
