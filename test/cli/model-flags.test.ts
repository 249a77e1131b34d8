import { KINDS, MODEL_FLAGS } from '../../lib/cli/flags/networks';
import { createInr } from '../../lib/nn';

/** Options that are not a network's own mathematics: they have flags elsewhere. */
const ELSEWHERE = ['seed', 'dtype', 'device'];

test.each(KINDS)('%s: the flags are its options, with its defaults', (kind) => {
  const network = createInr(kind, {});
  const options = Object.fromEntries(
    Object.entries(network.options).filter(([name]) => !ELSEWHERE.includes(name)),
  );
  network.dispose();
  const flags = MODEL_FLAGS.filter(({ defaults }) => kind in defaults);
  expect(Object.fromEntries(flags.map(({ option, defaults }) => [option, defaults[kind]]))).toEqual(
    options,
  );
});
