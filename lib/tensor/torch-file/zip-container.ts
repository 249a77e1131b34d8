// torch.save since 1.6: a zip archive with NAME/data.pkl and the storages in NAME/data/KEY.

import type { FileHandle } from 'node:fs/promises';
import type { Fault } from '../open-file.js';
import { LONGEST_PICKLE, type TorchContainer } from './container.js';
import { nameText } from './name-text.js';
import { PickleBytes } from './pickle-bytes.js';
import { runPickle } from './pickle-machine.js';
import { StorageTable } from './storage-table.js';
import { ZipArchive } from './zip-archive.js';

const PICKLE = /^([^/]*)\/data\.pkl$/;

export async function readZipContainer(
  file: FileHandle,
  fileSize: number,
  fault: Fault,
): Promise<TorchContainer> {
  const archive = await ZipArchive.open(file, fileSize, fault);
  const pickles = [...archive.entries.values()].filter(({ name }) => PICKLE.test(name));
  const [entry] = pickles;
  if (!entry || pickles.length > 1) {
    throw fault(`it is a zip archive with ${pickles.length} entries NAME/data.pkl instead of one`);
  }
  const folder = PICKLE.exec(entry.name)?.[1];
  if (archive.entries.has(`${folder}/constants.pkl`)) {
    throw fault('it is a TorchScript archive: save model.state_dict() by torch.save instead');
  }
  if (archive.entries.has(`${folder}/byteorder`)) {
    const order = (await archive.read(`${folder}/byteorder`)).toString('latin1');
    if (order !== 'little') throw fault('its numbers are big-endian: save it on another machine');
  }
  if (entry.size > LONGEST_PICKLE) throw fault(`its pickle has ${entry.size} bytes`);
  const pickle = await archive.read(entry.name);
  const table = new StorageTable(fault);
  const root = runPickle(new PickleBytes(pickle), { fault, persistent: table.view });
  return {
    root,
    pickleBytes: pickle.length,
    readStorage: async ({ key, bytes }) => {
      const name = `${folder}/data/${key}`;
      const size = archive.entries.get(name)?.size;
      if (size !== undefined && size !== bytes) {
        throw fault(
          `the storage "${nameText(key)}" has ${size} bytes, but its pickle claims ${bytes}`,
        );
      }
      return archive.read(name);
    },
  };
}
