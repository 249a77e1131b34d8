import assert from 'node:assert/strict';
import { require } from '../../scripts/steps.mjs';

const { searchLibTorch } = require('../dist/addon/addon.js');

/** The LibTorch that this clone uses. */
export const torch = searchLibTorch().chosen;
assert.ok(torch, 'this test needs a LibTorch: run `npm run build`');
