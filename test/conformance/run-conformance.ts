import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { scope } from '../../lib/tensor/index.js';
import { type Comparison, passes } from './comparison.js';
import { GoldenFile, type ReadOptions } from './golden-file.js';
import { checkerFor } from './registry.js';

/** What became of one golden file. */
export interface FileReport {
  readonly file: string;
  /** 'unknown': of a kind that there is no checker for; 'error': it could not be checked. */
  readonly status: 'pass' | 'fail' | 'unknown' | 'error';
  readonly comparisons: readonly Comparison[];
  /** What went wrong, for 'error'. */
  readonly problem?: string;
}

/**
 * The golden files of a folder whose names begin with one of the patterns ('*' stands for
 * anything).
 */
async function goldenFiles(folder: string, patterns: readonly string[] = []): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.safetensors')).sort();
  const wanted = patterns.map(
    (pattern) => new RegExp(`^${pattern.split('*').map(literally).join('.*')}$`),
  );
  return names
    .filter((name) => {
      const bare = basename(name, '.safetensors');
      return wanted.length === 0 || wanted.some((pattern) => pattern.test(bare));
    })
    .map((name) => join(folder, name));
}

function literally(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}

/** Checks one golden file. */
export async function checkFile(path: string, options: ReadOptions = {}): Promise<FileReport> {
  const file = basename(path, '.safetensors');
  const checker = checkerFor(file);
  if (checker === undefined) return { file, status: 'unknown', comparisons: [] };
  try {
    const { comparisons } = await scope(async () => checker(await GoldenFile.read(path, options)));
    const status = comparisons.length > 0 && comparisons.every(passes) ? 'pass' : 'fail';
    return { file, status, comparisons };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { file, status: 'error', comparisons: [], problem };
  }
}

/** Checks the golden files of a folder, one after the other. */
export async function runConformance(
  folder: string,
  options: ReadOptions & {
    only?: readonly string[];
    onFile?: (report: FileReport) => void;
  } = {},
): Promise<FileReport[]> {
  const reports: FileReport[] = [];
  for (const path of await goldenFiles(folder, options.only)) {
    const report = await checkFile(path, options);
    reports.push(report);
    options.onFile?.(report);
  }
  return reports;
}
