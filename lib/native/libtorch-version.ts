/** The LibTorch that set-up installs. The one place that says so. */
export const PINNED_LIBTORCH = '2.13.0';

/**
 * One LibTorch of each minor version that fewsound works with, oldest first: what the cores of the
 * package are built against (docs/publishing.md says what was run with them).
 */
export const TESTED_LIBTORCH: readonly string[] = [
  '2.11.0',
  '2.12.1',
  '2.13.0',
  '2.14.1',
  '2.15.0',
];

/** The minor version, `2.13` of `2.13.0+cu130`: within it LibTorch keeps its binary interface. */
export function minorVersion(version: string): string {
  return version.split('.', 2).join('.');
}

/** The minor versions that the sources compile and pass their tests with, oldest first. */
export const SUPPORTED_LIBTORCH: readonly string[] = TESTED_LIBTORCH.map(minorVersion);
