import { formatCount, formatSeconds } from '../report/numbers.js';
import { runsTable } from '../report/runs-table.js';
import type { ValidationRecord } from '../train/index.js';
import type { CommandResult } from './command-context.js';
import type { TrainedRun } from './run-report.js';
import { type TrainingOutcome, validationJson } from './training-outcome.js';

/** The result of a training: for `--json`, and for people. */
export function trainingText(run: TrainedRun, outcome: TrainingOutcome): CommandResult {
  const { files, title, model, device, processes } = run;
  const { steps, epochs, loss, seconds, best, validation, warnings } = outcome;
  const parameters = model.parameters as number;
  return {
    json: {
      run: files.folder,
      name: title,
      model: model.kind,
      parameters,
      epochs,
      steps,
      loss,
      best: validationJson(best),
      validation: validationJson(validation),
      seconds,
      device,
      processes,
      ...(warnings.length > 0 && { warnings }),
      report: files.report,
    },
    text: [
      ...(best === null
        ? []
        : [runsTable([row('best', best), ...lastRow(outcome)], { title: 'Validation' }), '']),
      `${formatCount(parameters)} parameters, ${formatCount(steps)} steps in ${formatCount(epochs)} epochs and ${formatSeconds(seconds)}, last loss ${loss?.toPrecision(4) ?? 'not finite'}`,
      '',
      ...warnings.flatMap((warning) => [`Warning: ${warning}`, '']),
      `Run in ${files.folder}; the report is ${files.report}`,
    ].join('\n'),
  };
}

function lastRow({ best, validation }: TrainingOutcome) {
  return validation === null || validation.step === best?.step ? [] : [row('last', validation)];
}

function row(which: string, record: ValidationRecord) {
  const { kind: _, step: __, epoch, loss: ___, seconds: ____, ...metrics } = record;
  return { name: `${which}, after epoch ${epoch}`, metrics };
}
