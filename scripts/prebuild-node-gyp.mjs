#!/usr/bin/env node
// What prebuildify runs as node-gyp. The addon is built by cmake-js (build-native.mjs) and lies in the project's
// build/Release; prebuildify strips and moves what it finds in build/Release below the folder that it runs this in.
// So it gets copies there, and the build of the clone stays as it is.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './steps.mjs';

const from = join(root, 'build', 'Release');
const to = join(process.cwd(), 'build', 'Release');
mkdirSync(to, { recursive: true });
for (const name of readdirSync(from)) {
  if (/^fewsound\w*\.(node|so)$/.test(name)) copyFileSync(join(from, name), join(to, name));
}
