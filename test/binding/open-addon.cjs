// Opens the built addon without the TypeScript around it, for programs that the tests run.
const { readdirSync } = require('node:fs');
const { join } = require('node:path');

const release = join(__dirname, '..', '..', 'build', 'Release');

exports.loader = require(join(release, 'fewsound.node'));
// A build is for one version of LibTorch.
const [core] = readdirSync(release).filter((name) => name.startsWith('torch-'));
exports.corePath = join(release, core, 'fewsound_core.so');
exports.torchLibraries = join(process.env.LIBTORCH, 'lib');
exports.open = () => exports.loader.openCore(exports.torchLibraries, exports.corePath);
