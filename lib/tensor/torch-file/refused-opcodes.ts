import { nameText } from './name-text.js';
import type { PickleBytes } from './pickle-bytes.js';
import type { Caller } from './pickle-values.js';

/** Opcodes that make objects of any class, or need what a file does not hold. */
const names: Readonly<Record<number, string>> = {
  146: 'NEWOBJ_EX',
  111: 'OBJ',
  105: 'INST',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
  80: 'PERSID',
  151: 'NEXT_BUFFER',
  152: 'READONLY_BUFFER',
};

/** The fault for an opcode that no file of tensors needs. INST alone says itself what it would make. */
export function refusal(opcode: number, bytes: PickleBytes, { fault }: Caller): Error {
  const name = names[opcode];
  if (name === undefined)
    return fault(`its pickle has the unknown opcode 0x${opcode.toString(16)}`);
  const made = name === 'INST' ? `${nameText(bytes.line())}.${nameText(bytes.line())}` : undefined;
  const purpose = made === undefined ? '' : ` to make ${made}`;
  return fault(`its pickle uses the opcode ${name}${purpose}, which is refused`);
}
