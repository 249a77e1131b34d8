import { extname } from 'node:path';
import { FewSoundError } from '../../native/errors.js';
import { readExactly, withFile } from '../open-file.js';

const torchNames = new Set(['.pth', '.pt', '.ckpt', '.bin']);
const zipStart = 'PK';
/** PROTO, and LONG, which protocol 1 begins with. */
const pickleStarts = [0x80, 0x4c];

/**
 * Whether a file of tensors is one of `torch.save`, and not a safetensors file.
 *
 * By what is in it: the ninth byte of a safetensors file begins the JSON of its header. By the name only where it is
 * neither, so that the error of reading it is about what was expected.
 *
 * @internal
 * @throws FewSoundError FILE_NOT_FOUND, IO
 */
export async function isTorchFile(path: string): Promise<boolean> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    const named = torchNames.has(extname(path).toLowerCase());
    if (size < 9) return named;
    const start = await readExactly(file, 0, 9, cutShort(path));
    if (start[8] === 0x7b) return false;
    const torch =
      start.toString('latin1', 0, 2) === zipStart || pickleStarts.includes(start[0] as number);
    return torch || named;
  });
}

const cutShort = (path: string) => (problem: string) =>
  new FewSoundError('FILE_FORMAT', `${path}: ${problem}.`);
