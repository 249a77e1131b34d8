import { addon } from '../../lib/addon/addon';
import { classifierKinds, inrKinds, type Model } from '../../lib/nn';
import { kindsOf, optionRows } from '../../lib/options';
import { smallClassifier } from './small-classifiers';
import {
  encoderKinds,
  smallEncoders,
  smallFewSound,
  smallHyperSound,
  targetKinds,
} from './small-hyper-networks';
import { smallNetwork } from './small-networks';

const models: [string, () => Model][] = [
  ...inrKinds.map((kind): [string, () => Model] => [kind, () => smallNetwork(kind)]),
  ['wire in float64', () => smallNetwork('wire', { dtype: 'float64', learnableOmega: true })],
  ...targetKinds.flatMap((kind): [string, () => Model][] => [
    [`fewsound writing ${kind}`, () => smallFewSound(kind)],
    [`hypersound modulating ${kind}`, () => smallHyperSound(kind, { mode: 'modulator' })],
  ]),
  ...encoderKinds.map((kind): [string, () => Model] => [
    `hypersound hearing by ${kind}`,
    () => smallHyperSound('nerf', { encoder: smallEncoders[kind] }),
  ]),
  ...classifierKinds.map((kind): [string, () => Model] => [kind, () => smallClassifier(kind)]),
];

describe('describing a model without making it', () => {
  it.each(models)('%s: names, shapes and what learns are those of the model', (_, make) => {
    using model = make();
    const learnable = model.parameters();
    const own = [...model.stateDict()].map(([name, { shape }]) => [
      name,
      [...shape],
      learnable.has(name),
    ]);
    expect(addon().describeModel(model.kind, model.describe().options)).toEqual(own);
  });

  it('takes no memory for a model that no machine could hold', () => {
    const layers = Array.from({ length: 64 }, () => 65_536);
    const described = addon().describeModel('nerf', { layers });
    expect(described).toHaveLength(2 * 65 + 1);
    expect(described[2]?.[1]).toEqual([65_536, 65_536]);
  });
});

describe('the table of options', () => {
  it('is that of the addon', () => {
    const tables = addon().optionTables() as {
      family: string;
      kind: string;
      fields: unknown[];
    }[];
    for (const { family, kind, fields } of tables.filter((table) => table.kind !== undefined)) {
      expect(optionRows(family as 'network', kind)).toEqual(fields);
    }
    expect(kindsOf('encoder')).toEqual(encoderKinds);
  });

  it('lets a model name the encoder that it has by default', () => {
    using named = smallFewSound('nerf', {
      encoder: { kind: 'soundstream', ...smallEncoders.soundstream },
    });
    using plain = smallFewSound('nerf');
    expect(named.options).toEqual(plain.options);
  });
});
