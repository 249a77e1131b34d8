import { FewSoundError, invalidArgument } from '../errors.js';
import { Inr, load, PiecewiseInr } from '../nn/index.js';

/** Most samples of a rendering; a page draws and plays no more. */
const MOST_SAMPLES = 2 ** 22;

/** What of the sound of a network to render. */
export interface RenderRequest {
  /** Seconds. */
  readonly from: number;
  readonly to: number;
  /** Hz, any. */
  readonly sampleRate: number;
}

/**
 * The sound of a saved network between the samples that it learned.
 *
 * @returns [round((to - from) · sampleRate)]
 */
export async function renderKept(path: string, request: RenderRequest): Promise<Float32Array> {
  const count = (request.to - request.from) * request.sampleRate;
  if (!(count <= MOST_SAMPLES)) {
    throw invalidArgument(
      'sampleRate',
      `That are ${Math.round(count)} samples; up to ${MOST_SAMPLES} can be shown at once. Choose a lower rate, or a shorter stretch.`,
    );
  }
  using model = await load(path);
  if (model instanceof Inr || model instanceof PiecewiseInr) return model.render(request);
  throw new FewSoundError('INVALID_ARGUMENT', 'This model holds no sound.');
}

/** A saved network; the caller disposes of it. */
export async function openKept(path: string): Promise<Inr> {
  const model = await load(path);
  if (model instanceof Inr) return model;
  model.dispose();
  throw new FewSoundError('INVALID_ARGUMENT', 'This model has several networks; open one of one.');
}
