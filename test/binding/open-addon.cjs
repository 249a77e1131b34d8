// Opens the addon without the typed layer around it, for programs that the tests run: the LibTorch
// in $LIBTORCH and the core for it.
const { join } = require('node:path');
const { locateAddon } = require('../../dist/addon/addon.js');
const { findLibTorch, minorVersion } = require('../../dist/setup/libtorch.js');

const { path, cores } = locateAddon();
const { version } = findLibTorch(cores.map(({ libTorch }) => libTorch)).chosen;

exports.loader = require(path);
exports.corePath = cores.find(({ libTorch }) => libTorch === minorVersion(version)).path;
exports.torchLibraries = join(process.env.LIBTORCH, 'lib');
exports.open = () => exports.loader.openCore(exports.torchLibraries, exports.corePath);
