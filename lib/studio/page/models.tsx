import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { ModelFacts } from '../protocol.js';
import { attempt, post } from './server.js';
import { models } from './state.js';

const busy = signal<string | undefined>(undefined);

/** Files that are models and not sounds. */
export const isModel = (name: string) => /\.(safetensors|pth?|ckpt|bin)$/i.test(name);

/** Brings a model, which is analyzed with the recording that is chosen. */
export async function bringModel(
  file: Blob,
  name: string,
  recording: string | undefined,
): Promise<void> {
  const query = new URLSearchParams({ name, ...(recording !== undefined && { recording }) });
  busy.value = name;
  await attempt(() => post<ModelFacts>(`/api/models?${query}`, file));
  busy.value = undefined;
}

const WORDS: Readonly<Record<ModelFacts['analyses'][number]['analysis'], string>> = {
  geometry: 'Geometry of its layers',
  wigner: 'Filters over time and frequency',
  spectra: 'Response spectra',
};

/** Models that were brought, with the reports of `fewsound analyze`. */
export function Models() {
  const place = useRef<HTMLElement>(null);
  useEffect(() => place.current?.scrollIntoView({ block: 'nearest' }), [busy.value]);
  if (models.value.length === 0 && busy.value === undefined) return null;
  return (
    <section ref={place} class="panel" aria-labelledby="models">
      <h2 id="models">Models</h2>
      {busy.value !== undefined && (
        <p class="busy" role="status">
          Looking into {busy.value} …
        </p>
      )}
      {models.value.map(({ id, name, analyses, remarks }) => (
        <div class="model" key={id}>
          <h3>{name}</h3>
          <p class="downloads">
            {analyses.map(({ analysis, of }) => (
              <a key={analysis} href={`/api/models/${encodeURIComponent(id)}/${analysis}`} target="_blank" rel="noopener">
                {WORDS[analysis]}
                {of !== '' && ` to ${of}`}
              </a>
            ))}
          </p>
          {remarks.map((text) => (
            <p class="remark" key={text}>
              {text}
            </p>
          ))}
        </div>
      ))}
    </section>
  );
}
