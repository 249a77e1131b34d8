// Opens the built addon without the TypeScript around it, for programs that the tests run.
const { join } = require('node:path');

const release = join(__dirname, '..', '..', 'build', 'Release');

exports.loader = require(join(release, 'fewsound.node'));
exports.corePath = join(release, 'fewsound_core.so');
exports.torchLibraries = join(process.env.LIBTORCH, 'lib');
exports.open = () => exports.loader.openCore(exports.torchLibraries, exports.corePath);
