const { TestEnvironment } = require('jest-environment-node');

/**
 * Jest runs tests in a realm of their own but hands them the ArrayBuffer of the outer one. The Vorbis
 * decoder asks whether the memory of its WebAssembly module is an ArrayBuffer, so both must come from
 * the same realm.
 */
module.exports = class DecoderEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global.WebAssembly = WebAssembly;
  }
};
