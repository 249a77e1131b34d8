import { parseArgs } from 'node:util';
import { addon } from '../../lib/native/addon.js';
import { heading, largest, reportLines } from './report-lines.js';
import { type FileReport, runConformance } from './run-conformance.js';

const usage = `npm run conformance -- DIR [--only PATTERN,…] [--json]

Checks the golden files of DIR. Prints a line a file with the largest absolute and relative error; the
relative error of a tensor is its largest difference over the largest magnitude of the golden tensor.
Beside float32 networks stand three relative errors against our float64 evaluation: the golden file's,
ours, and what moving every parameter by half a float32 unit does. Exit status 1 where a file is out of
tolerance or of a kind that is not known, 2 for a usage error.

  --only PATTERN,…  only the files with these names; * stands for anything
  --json            one JSON object on standard output
`;

function asJson(reports: readonly FileReport[]): string {
  return JSON.stringify(
    {
      passed: reports.every(({ status }) => status === 'pass'),
      files: reports.map((report) =>
        report.comparisons.length > 0 ? { ...report, ...largest(report.comparisons) } : report,
      ),
    },
    undefined,
    2,
  );
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  const [folder, ...rest] = positionals;
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (folder === undefined || rest.length > 0) {
    console.error(usage);
    return 2;
  }
  addon(); // a missing LibTorch is one error, not one for each file
  if (!values.json) console.log(heading);
  const reports = await runConformance(folder, {
    only: values.only?.split(',') ?? [],
    onFile: (report) => {
      if (!values.json) for (const line of reportLines(report)) console.log(line);
    },
  });
  if (values.json) console.log(asJson(reports));
  if (reports.length === 0) {
    console.error(`${folder} holds no golden file of that name.`);
    return 1;
  }
  const count = (status: FileReport['status']) =>
    reports.filter((report) => report.status === status).length;
  const unknown = count('unknown');
  const bad = count('fail') + count('error');
  if (!values.json) {
    console.log(`${count('pass')} passed, ${bad} failed, ${unknown} of an unknown kind`);
  }
  return bad + unknown === 0 ? 0 : 1;
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') ? 2 : 1;
  },
);
