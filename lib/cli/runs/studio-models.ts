import type { AnalyzeCommand } from '../../studio/index.js';
import type { CommandContext } from '../command.js';
import { innerCommand } from './inner-command.js';

/** `analyze` for a studio that this command opens. */
export function analyzeCommandFor(context: CommandContext): AnalyzeCommand {
  return async (analysis, model, out, { recording, sampleRate, samples }) => {
    const { files, sampleRate: heard } = (await innerCommand(
      context,
      [
        ...['analyze', analysis, model],
        ...(recording === undefined ? [] : [recording]),
        ...(sampleRate === undefined ? [] : [`--sample-rate=${sampleRate}`]),
        ...(samples === undefined ? [] : [`--samples=${samples}`]),
        `--out=${out}`,
      ],
      { signal: context.signal },
    )) as { files: { report: string }; sampleRate?: number };
    return { report: files.report, ...(heard !== undefined && { sampleRate: heard }) };
  };
}
