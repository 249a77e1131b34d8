import { conformanceCommand } from './command.js';

const output = { out: console.log, err: console.error };

conformanceCommand(process.argv.slice(2), output).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
