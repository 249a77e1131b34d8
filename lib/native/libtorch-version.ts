/** The LibTorch that set-up installs and that prebuilt binaries are made for. The one place that says so. */
export const PINNED_LIBTORCH = '2.13.0';

/** Versions that the sources compile and pass their tests with: from the first up to below the second. */
const SUPPORTED = [
  [2, 11],
  [2, 14],
] as const;

/** Major and minor number of a version like `2.13.0+cu130`. */
export function majorMinor(version: string): [number, number] {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return [major, minor];
}

/** Whether the addon can be built against this version. */
export function isSupported(version: string): boolean {
  const [major, minor] = majorMinor(version);
  const number = major * 1000 + minor;
  const [from, below] = SUPPORTED.map(([a, b]) => a * 1000 + b) as [number, number];
  return number >= from && number < below;
}

/** Whether an addon built for one version runs with another: LibTorch keeps its ABI within a minor version. */
export function isCompatible(builtFor: string, version: string): boolean {
  return majorMinor(builtFor).join('.') === majorMinor(version).join('.');
}

/** The supported range in words. */
export const SUPPORTED_TEXT = `${SUPPORTED[0].join('.')} to ${SUPPORTED[1][0]}.${SUPPORTED[1][1] - 1}`;
