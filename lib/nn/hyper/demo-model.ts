import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FewSoundError } from '../../errors.js';
import { makeFolder } from '../../files.js';
import { cacheFolder, packageRoot } from '../../setup/libtorch.js';
import { loadHyperNetwork } from '../load.js';

/** Where {@link setupDemoModel} keeps it. */
const keptModel = () => join(cacheFolder(), 'demo-model.safetensors');

/** The model of the sources, in `models/`; releases have it beside the package. */
const ownModel = () => join(packageRoot(), 'models', 'demo.safetensors');

/**
 * The file of the model that writes networks where none is named.
 *
 * @throws FewSoundError NOT_SET_UP before {@link setupDemoModel}
 */
export function demoModel(): string {
  const path = keptModel();
  if (existsSync(path)) return path;
  throw new FewSoundError(
    'NOT_SET_UP',
    'no model is named, and the demo model is not set up here. Run `npx fewsound setup demo-model`, or name a model.',
    { field: 'model' },
  );
}

/**
 * Checks a model that writes networks and keeps it in the user's cache folder, where `fewsound
 * encode` finds it when no model is named.
 *
 * @param from its file. Default: the one in the sources of fewsound, which the npm package lacks
 * @throws FewSoundError FILE_NOT_FOUND, FILE_FORMAT, IO
 */
export async function setupDemoModel(from?: string): Promise<{ readonly path: string }> {
  if (from === undefined && !existsSync(ownModel())) {
    throw new FewSoundError(
      'FILE_NOT_FOUND',
      'the npm package does not bring the demo model. Take models/demo.safetensors from the sources or from a release, and give it by --from; or give a model that `fewsound train` wrote.',
      { field: 'from' },
    );
  }
  using model = await loadHyperNetwork(from ?? ownModel());
  const path = keptModel();
  await makeFolder(dirname(path));
  await model.save(path);
  return { path };
}
