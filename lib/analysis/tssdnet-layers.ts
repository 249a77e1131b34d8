import type { LayerDescription } from './layer-descriptions.js';

/**
 * Layers of Inc-TSSDNet as Table 4 of paper 2 counts them: I the first convolution, II to V the blocks of four dilated
 * convolutions, each one dictionary.
 *
 * @internal
 */
export const incTssdnetLayers: readonly LayerDescription[] = [
  { name: 'I', branches: [{ weight: 'conv1.weight' }] },
  ...['II', 'III', 'IV', 'V'].map((name, index) => ({
    name,
    branches: [1, 2, 4, 8].map((dilation) => ({
      weight: `DCM${index + 1}.cv${dilation}.weight`,
      dilation,
    })),
  })),
];

/**
 * Layers of Res-TSSDNet along its depth: the first convolution and the three of each residual module; the shortcut is added
 * to the third one's output. The 1 × 1 convolutions of the shortcuts lie beside the path and are left out.
 *
 * @internal
 */
export const resTssdnetLayers: readonly LayerDescription[] = [
  { name: 'conv1', branches: [{ weight: 'conv1.weight' }] },
  ...[1, 2, 3, 4].flatMap((module) =>
    [1, 2, 3].map((index) => ({
      name: `RSM${module}.conv${index}`,
      branches: [{ weight: `RSM${module}.conv${index}.weight` }],
      residual: index === 3,
    })),
  ),
];
