/**
 * The directions of docs/architecture.md, bottom to top. A folder may import from the levels below
 * its own, never from above or beside; a type as little as a value.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const layers = [
  ['setup', 'player'],
  ['addon'],
  ['audio', 'tensor', 'workers'],
  ['metrics', 'nn', 'data'],
  ['train', 'analysis'],
  ['tables'],
  ['report'],
  ['studio'],
  ['cli'],
];

const upward = layers.flatMap((folders, level) => {
  const above = layers.slice(level + 1).flat();
  return above.length === 0
    ? []
    : folders.map((folder) => ({
        name: `${folder}-points-down`,
        comment: `lib/${folder} is below ${above.map((name) => `lib/${name}`).join(', ')}`,
        severity: 'error',
        from: { path: `^lib/${folder}/` },
        to: { path: `^lib/(${above.join('|')})/` },
      }));
});

const sideways = layers.flatMap((folders) =>
  folders.flatMap((folder) =>
    folders
      .filter((other) => other !== folder)
      .map((other) => ({
        name: `${folder}-beside-${other}`,
        comment: `lib/${folder} and lib/${other} stand on one level and do not know each other`,
        severity: 'error',
        from: { path: `^lib/${folder}/` },
        to: { path: `^lib/${other}/` },
      })),
  ),
);

module.exports = {
  forbidden: [
    ...upward,
    ...sideways,
    {
      name: 'report-only-reports',
      comment: 'lib/report shows what others have computed: it knows their types and runs nothing',
      severity: 'error',
      from: { path: '^lib/report/' },
      to: {
        path: '^lib/(tables|train|analysis|nn|data|workers|addon)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'ground',
      comment: 'what every room needs stands on nothing',
      severity: 'error',
      from: { path: '^lib/[^/]+\\.ts$', pathNot: '^lib/index\\.ts$' },
      to: { path: '^lib/.+/' },
    },
    {
      name: 'no-circles',
      comment:
        'neither of types, but for the operators: they are methods of Tensor, and take tensors',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { pathNot: '^lib/tensor/operators\\.generated\\.ts$' } },
    },
    {
      name: 'entry-is-the-roof',
      comment: 'nothing inside imports the package entry',
      severity: 'error',
      from: { path: '^lib/.+/' },
      to: { path: '^lib/index\\.ts$' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
};
