import { type CliError, cli, cliJson } from './run-cli';

describe('help', () => {
  test('goes to standard output with status 0', async () => {
    const { status, stdout, stderr } = await cli(['--help']);
    expect(status).toBe(0);
    for (const command of [
      ...[
        'fit',
        'render',
        'metrics',
        'compare',
        'prepare',
        'train',
        'train-classifier',
        'evaluate',
        'encode',
        'decode',
      ],
      ...['analyze', 'convert', 'doctor', 'setup'],
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    }
    expect(stderr).toBe('');
  });

  test('for fit names the options of the networks with their defaults', async () => {
    const { stdout } = await cli(['help', 'fit']);
    const text = stdout.replace(/\s+/g, ' ');
    expect(text).toContain('--grid <intervals>');
    expect(text).toContain('(kan: 48,24,12; nerf siren rff finer wire: 90,90,90,90,70)');
    expect(text).toContain('(siren: 2000; finer: 1000; wire: 100)');
  });

  test('without a command goes to standard error with status 2', async () => {
    const { status, stdout, stderr } = await cli([]);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('Usage: fewsound');
  });
});

test('--version says the versions of everything that decides a result', async () => {
  const { status, json } = await cliJson(['--version']);
  expect(status).toBe(0);
  expect(json).toMatchObject({
    fewsound: expect.stringMatching(/^\d+\.\d+\.\d+/),
    LibTorch: expect.any(String),
    'Node.js': process.versions.node,
  });
});

describe('mistakes in the call have status 2, one JSON object, and a message that names the thing', () => {
  test.each([
    ['an unknown command', ['fits', 'a.wav'], 'fits'],
    ['an unknown option', ['fit', 'a.wav', '--stesp', '5'], '--stesp'],
    ['a missing recording', ['fit'], 'fewsound fit AUDIO'],
    ['one recording too many', ['fit', 'a.wav', 'b.wav'], 'fit'],
    ['a number that is none', ['fit', 'a.wav', '--steps', 'abc'], 'abc'],
    ['an empty number', ['fit', 'a.wav', '--lr', ''], '--lr'],
    ['a fraction for a whole number', ['fit', 'a.wav', '--grid', '2.5'], '2.5'],
    ['no steps', ['fit', 'a.wav', '--steps', '0'], '--steps'],
    ['no threads', ['fit', 'a.wav', '--threads', '0'], '--threads'],
    ['a negative seed', ['fit', 'a.wav', '--seed', '-1'], '--seed'],
    ['a sample rate of 0', ['fit', 'a.wav', '--sample-rate', '0'], '--sample-rate'],
    ['an unknown model', ['fit', 'a.wav', '--model', 'kam'], 'kam'],
    ['an unknown device', ['fit', 'a.wav', '--device', 'tpu'], 'tpu'],
    ['an unknown schedule', ['fit', 'a.wav', '--schedule', 'step'], 'step'],
    ['layers that are no numbers', ['fit', 'a.wav', '--layers', '48,x'], '48,x'],
    ['a range of one number', ['fit', 'a.wav', '--grid-range', '1'], '--grid-range'],
    ['an unknown model to compare', ['compare', 'a.wav', '--models', 'kan,foo'], 'foo'],
    ['render without a place to write', ['render', 'm.safetensors'], '--out'],
    ['metrics of one file', ['metrics', 'a.wav'], 'degraded'],
    ['an unknown corpus', ['prepare', 'vtck', 'somewhere'], 'ljspeech'],
    ['a corpus without its folder', ['prepare', 'vctk'], 'dir'],
    ['an empty segment', ['prepare', 'vctk', 'x', '--segment', '1'], '--segment'],
    ['a training without its configuration', ['train'], 'fewsound train CONFIG.json'],
    ['a training of no epochs', ['train', 'c.json', '--epochs', '0'], '--epochs'],
    ['an unknown precision', ['train', 'c.json', '--precision', 'half'], 'half'],
    ['an unknown backend', ['train', 'c.json', '--backend', 'mpi'], 'mpi'],
    ['encode without a recording', ['encode'], 'model'],
    ['an overlap of one sample', ['encode', 'run', 'a.wav', '--overlap', '1'], '--overlap'],
    ['decode of nothing', ['decode'], 'file'],
    ['a bit depth that is not written', ['render', 'm', '--out', 'x', '--bit-depth', '12'], '12'],
  ])('%s', async (_, argv, named) => {
    const { status, json } = await cliJson<CliError>(argv);
    expect(status).toBe(2);
    expect(Object.keys(json)).toEqual(['error']);
    expect(json.error.code).toBe('USAGE');
    expect(json.error.message).toContain(named);
  });

  test('people read it on standard error', async () => {
    const { status, stdout, stderr } = await cli(['fit', 'a.wav', '--steps', 'abc']);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^fewsound: .*--steps.*abc.*whole number/);
  });
});

describe('options of the networks', () => {
  test('one of another network is refused, with those that the network has', async () => {
    const { status, json } = await cliJson<CliError>([
      'fit',
      'a.wav',
      '--model',
      'siren',
      '--grid',
      '5',
    ]);
    expect(status).toBe(2);
    expect(json.error.message).toMatch(
      /--grid .*siren.*belongs to kan.*--layers, --envelope, --omega0, --omega/,
    );
  });

  test('compare refuses one that none of its networks has', async () => {
    const { status, json } = await cliJson<CliError>([
      ...['compare', 'a.wav', '--models', 'kan,nerf', '--sigma', '3'],
    ]);
    expect(status).toBe(2);
    expect(json.error.message).toContain('belongs to rff');
  });
});

describe('--resume', () => {
  test('goes with few other options', async () => {
    const { status, json } = await cliJson<CliError>([
      'fit',
      '--resume',
      'somewhere',
      '--lr',
      '0.1',
    ]);
    expect(status).toBe(2);
    expect(json.error.message).toContain('--lr');
  });

  test('needs the folder of a fit', async () => {
    const { status, json } = await cliJson<CliError>(['fit', '--resume', '/nowhere/at-all']);
    expect(status).toBe(1);
    expect(json.error).toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect(json.error.message).toContain('/nowhere/at-all');
  });
});
