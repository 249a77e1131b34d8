import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type PoolWork, runTasks, workerProgram } from '../../lib/workers/worker-pool';
import { temporaryFolder } from '../nn/temporary-folder';

const at = temporaryFolder();
const serveTasks = workerProgram('workers/serve-tasks.js');
const describeBuilt = existsSync(serveTasks) ? describe : describe.skip;

/** A program whose tasks are texts that say what is to happen. */
const PROGRAM = `
const { serveTasks } = require(${JSON.stringify(serveTasks)});
const { FewSoundError } = require(${JSON.stringify(workerProgram('errors.js'))});
serveTasks(({ factor }) => async (task, tell) => {
  if (task === 'exit') process.exit(3);
  if (task === 'throw') setTimeout(() => { throw new Error('out of order'); });
  if (task === 'hang') for (;;) {}
  if (task === 'ours') throw new FewSoundError('IO', 'the disk is full.');
  if (task === 'theirs') throw new TypeError('no such thing');
  if (typeof task === 'string') return new Promise(() => {});
  tell('at ' + task);
  return factor * task;
});
`;

beforeAll(() => writeFile(at('program.cjs'), PROGRAM));

type Task = number | string;
type Work = PoolWork<Task, number, string>;

const run = (tasks: readonly Task[], changes: Partial<Work> = {}) =>
  runTasks<Task, number, string>({
    program: at('program.cjs'),
    data: { factor: 10 },
    tasks,
    workers: 2,
    onResult: () => {},
    describe: (task) => `did ${task}`,
    ...changes,
  });

describeBuilt('worker threads (skipped without dist/)', () => {
  test('do every task, with what all have in common, and tell of it', async () => {
    const found: [Task, number][] = [];
    const news: string[] = [];
    await run([1, 2, 3, 4, 5], {
      onResult: (result, task) => found.push([task, result]),
      onNews: (text) => news.push(text),
    });
    expect(found.sort()).toEqual([1, 2, 3, 4, 5].map((task) => [task, 10 * task]));
    expect(news.sort()).toEqual([1, 2, 3, 4, 5].map((task) => `at ${task}`));
  });

  test('have nothing to do where there is no task', async () => {
    await expect(run([])).resolves.toBeUndefined();
  });

  test.each<[string, RegExp]>([
    ['exit', /^a worker thread ended while it did exit \(exit status 3\)\. Run it again/],
    ['throw', /^a worker thread ended while it did throw \(out of order\)/],
  ])(
    'that end by themselves (%s) are an error, and no end of the process',
    async (task, message) => {
      await expect(run([1, task, 2])).rejects.toMatchObject({
        code: 'WORKER',
        message: expect.stringMatching(message),
      });
    },
  );

  test.each([
    ['ours', 'IO', /^the disk is full\.$/],
    ['theirs', 'INTERNAL', /TypeError: no such thing\n {4}at /],
  ])('end with the first task that fails: %s', async (task, code, message) => {
    await expect(run([task, 'hang'])).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('are ended in the middle of their work by the signal', async () => {
    const controller = new AbortController();
    const work = run(['hang', 'hang', 'hang'], { signal: controller.signal });
    setTimeout(() => controller.abort('enough'), 100);
    await expect(work).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    const late = run([1], { signal: AbortSignal.abort() });
    await expect(late).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('are ended by an error of who is told', async () => {
    const onResult = () => {
      throw new Error('the listener broke');
    };
    await expect(run([1, 'hang'], { onResult })).rejects.toThrow('the listener broke');
  });
});
