/** The part of vega that its type declarations leave out. */
interface Schemes {
  /** The interpolator of a continuous colour scheme. */
  scheme(name: string): (position: number) => string;
}

/** Vega takes a tenth of a second to load; importing fewsound should not cost that. */
export async function loadVega(): Promise<typeof import('vega') & Schemes> {
  const { default: vega } = await import('vega');
  return vega as unknown as typeof import('vega') & Schemes;
}

export async function loadVegaLite(): Promise<typeof import('vega-lite')> {
  const { default: vegaLite } = await import('vega-lite');
  return vegaLite as unknown as typeof import('vega-lite');
}
