import { inrKinds } from '../../lib/nn/index.js';
import { checkLogits } from './classifier-check.js';
import { checkDictionaries } from './dictionary-check.js';
import { checkFewSound, checkSnac, checkSoundStream, checkWhisper } from './hyper-check.js';
import { checkMelLoss } from './loss-check.js';
import { checkMetrics } from './metrics-check.js';
import { checkNetwork } from './network-check.js';
import { checkPitch } from './pitch-check.js';
import { checkResponseSpectra } from './response-check.js';
import type { Checker } from './result.js';
import { checkOneCycle } from './schedule-check.js';
import { checkPosteriorgram, checkSpectralEncoder } from './spectral-check.js';
import { checkSplines } from './spline-check.js';
import { checkTraining } from './training-check.js';
import { checkWhisperTiny } from './whisper-check.js';

/** A kind of golden file: what its name looks like, and who looks at it. */
interface GoldenKind {
  readonly name: RegExp;
  readonly check: Checker;
}

// A name may end in _float64: the same case in float64.
const kinds: readonly GoldenKind[] = [
  { name: /^bspline_bases(_float64)?$/, check: checkSplines },
  { name: /^kan_(batched|g\d+_k\d+_l[\d-]+_e\d+_ss[01])(_float64)?$/, check: checkNetwork('kan') },
  ...inrKinds.map((kind) => ({
    name: new RegExp(`^${kind}(_float64)?$`),
    check: checkNetwork(kind),
  })),
  { name: /^mel_stft_loss(_float64)?$/, check: checkMelLoss },
  { name: /^metrics$/, check: checkMetrics },
  { name: /^pitch_[a-z]+$/, check: checkPitch },
  { name: /^onecycle$/, check: checkOneCycle },
  { name: /^inc_tssdnet_logits$/, check: checkLogits('inc-tssdnet') },
  { name: /^res_tssdnet_random$/, check: checkLogits('res-tssdnet') },
  { name: /^dictionary_metrics$/, check: checkDictionaries },
  { name: /^strs_[a-z]+(_float64)?$/, check: checkResponseSpectra },
  { name: /^soundstream_encoder(_float64)?$/, check: checkSoundStream },
  { name: /^snac_(body|body_attention|encoder)(_float64)?$/, check: checkSnac },
  { name: /^whisper_encoder(_float64)?$/, check: checkWhisper },
  { name: /^whisper_tiny_en$/, check: checkWhisperTiny },
  { name: /^spectral_encoder(_float64)?$/, check: checkSpectralEncoder },
  { name: /^ppg_voicebox$/, check: checkPosteriorgram },
  ...(['kan', 'nerf', 'siren'] as const).map((kind) => ({
    name: new RegExp(`^fewsound_${kind}(_float64)?$`),
    check: checkFewSound(kind),
  })),
  ...inrKinds.map((kind) => ({
    name: new RegExp(`^train_${kind}(_float64)?$`),
    check: checkTraining(kind),
  })),
];

/** The checker for a golden file, undefined for a kind that is not known. */
export function checkerFor(name: string): Checker | undefined {
  return kinds.find((kind) => kind.name.test(name))?.check;
}
