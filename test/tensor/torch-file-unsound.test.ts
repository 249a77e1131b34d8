import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTorchFile } from '../../lib/tensor';
import {
  legacyBytes,
  pickle,
  repeated,
  tensorOpcodes,
  text,
  torchZip,
  tuple,
  uint64,
} from './torch-files/torch-bytes';
import { four, torchFilePlace } from './torch-files/torch-file-place';

const { read, refused } = torchFilePlace();
const made = (name: string) => join(__dirname, 'torch-files', name);
const oneTensor = (options: Parameters<typeof tensorOpcodes>[0] = {}) =>
  torchZip(pickle(tensorOpcodes(options)), { 0: four });

test('the files made by hand are as PyTorch has them', async () => {
  expect(await read(oneTensor(), ({ tensors }) => tensors.get('tensor')?.toArray())).toEqual([
    [1, 2],
    [3, 4],
  ]);
  const legacy = legacyBytes(
    pickle(tensorOpcodes({ rest: ['\x89', 'N'] })),
    ['0'],
    [uint64(4), four],
  );
  // In the legacy format a storage has a sixth entry, which may be missing.
  expect(await read(legacy, ({ tensors }) => tensors.get('tensor')?.toArray())).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

test('keys that are true or false are written as Python prints them', async () => {
  const bytes = torchZip(pickle('}(\x88K\x01\x89K\x02\x89\x85K\x03u'), {});
  expect(await read(bytes, ({ values }) => values)).toEqual({ True: 1, False: 2, '(False,)': 3 });
});

describe('a file that would run something', () => {
  test.each([
    ['malicious_reduce.pth', /asks for posix\.system, which is refused/],
    ['malicious_legacy.pth', /asks for posix\.system, which is refused/],
    ['malicious_newobj.pth', /asks for builtins\.eval, which is refused/],
    ['malicious_inst.pth', /opcode INST to make builtins\.eval, which is refused/],
    ['malicious_build.pth', /asks for __main__\.Model, which is refused/],
    ['malicious_setstate.pth', /sets the state of torch\._utils\._rebuild_tensor_v2/],
    ['numpy_array.pth', /asks for numpy\._core\.multiarray\._reconstruct, which is refused/],
  ])('%s is refused by the name of what it asks for', async (name, reason) => {
    await expect(readTorchFile(made(name))).rejects.toMatchObject({
      code: 'FILE_FORMAT',
      message: expect.stringMatching(reason),
    });
    await refused(await readFile(made(name)), reason);
    expect(existsSync('fewsound-was-here')).toBe(false);
  });

  test.each<[string, Buffer, RegExp]>([
    ['os.system', pickle('cos\nsystem\n', tuple(text('ls')), 'R'), /asks for os\.system/],
    ['a name on the stack', pickle(text('os'), text('system'), '\x93'), /asks for os\.system/],
    [
      'a name with a dot',
      pickle(text('torch'), text('serialization.os.system'), '\x93'),
      /asks for torch\.serialization\.os\.system/,
    ],
    ['an inherited name', pickle('cconstructor\nconstructor\n'), /constructor\.constructor/],
    ['torch.load itself', pickle('ctorch\nload\n'), /asks for torch\.load/],
    ['a call of a class', pickle('ctorch\nFloatStorage\n)R'), /calls torch\.FloatStorage/],
    ['a call of a dtype', pickle('ctorch\nfloat32\n)R'), /calls torch\.float32/],
    ['a call of a dict', pickle('})R'), /not a function/],
    ['arguments that are no tuple', pickle('ctorch\nSize\n]R'), /without a tuple/],
    [
      'NEWOBJ of what is no tensor',
      pickle('ccollections\nOrderedDict\n)\x81'),
      /calls collections\.OrderedDict, which is refused/,
    ],
    ['NEWOBJ_EX', pickle('ccollections\nOrderedDict\n)}\x92'), /opcode NEWOBJ_EX/],
    ['OBJ', pickle('(ccollections\nOrderedDict\no'), /opcode OBJ/],
    ['INST', pickle('(ios\nsystem\n'), /opcode INST to make os\.system/],
    ['EXT1', pickle('\x82\x01'), /opcode EXT1/],
    ['a persistent id as a text', pickle('P0\n'), /opcode PERSID/],
    ['BUILD on a dict', pickle('}}b'), /opcode BUILD/],
    ['BUILD on a tensor', pickle(tensorOpcodes(), '}b'), /opcode BUILD/],
    [
      'BUILD on an OrderedDict with slots',
      pickle('ccollections\nOrderedDict\n)R', tuple('N', '}'), 'b'),
      /opcode BUILD/,
    ],
    [
      'a bytearray of any length',
      pickle('cbuiltins\nbytearray\n', tuple(2 ** 31 - 1), 'R'),
      /bytearray with invalid/,
    ],
    ['a set of a text', pickle('cbuiltins\nset\n', tuple(text('x')), 'R'), /set with invalid/],
    [
      'a complex number of a text',
      pickle('cbuiltins\ncomplex\n', tuple(text('1j')), 'R'),
      /complex with invalid/,
    ],
    ['a Counter of a list', pickle('ccollections\nCounter\n', tuple(']'), 'R'), /Counter with inv/],
    [
      'a defaultdict that would call something',
      pickle('ccollections\ndefaultdict\n', tuple('cos\nsystem\n'), 'R'),
      /asks for os\.system/,
    ],
    [
      'a call of a factory',
      pickle('cbuiltins\nlist\n)R'),
      /calls builtins\.list, which is refused/,
    ],
    [
      'a tensor of a class of its own',
      pickle('ctorch._tensor\n_rebuild_from_type_v2\n', tuple('ctorch\nSize\n', 'c__main__\nX\n')),
      /asks for __main__\.X/,
    ],
    [
      'a tensor that is rebuilt by what makes a list',
      pickle(
        'ctorch._tensor\n_rebuild_from_type_v2\n',
        tuple('cbuiltins\nset\n', 'ctorch\nTensor\n', ')', 'N'),
        'R',
      ),
      /rebuilds a tensor by something/,
    ],
    [
      'a tensor that is rebuilt by itself',
      pickle(
        'ctorch._tensor\n_rebuild_from_type_v2\n',
        tuple('ctorch._tensor\n_rebuild_from_type_v2\n', 'ctorch\nTensor\n', ')', 'N'),
        'R',
      ),
      /rebuilds a tensor by something/,
    ],
    [
      'a tensor of a length',
      pickle('ctorch\nFloatTensor\n', tuple(5), 'R'),
      /creates a tensor with arguments/,
    ],
    ['a tensor of a strange state', pickle('ctorch\nFloatTensor\n)R}b'), /an invalid state/],
    [
      'keys that double at each step',
      pickle('}K\x01\x85q\x000', repeated(60, 'h\x00h\x00\x86q\x000'), 'h\x00Ns'),
      /repeat each other/,
    ],
    ['control characters in a name', pickle('cos\x1b[2J\nsystem\n'), /asks for os\\u001b\[2J\.s/],
    ['a name without end', pickle('cos\n', 'x'.repeat(5000), '\n'), /cut short/],
  ])('%s is refused', async (_, data, reason) => {
    await refused(torchZip(data, { 0: four }), reason);
  });
});

describe('a tensor that is none', () => {
  test.each<[string, Parameters<typeof tensorOpcodes>[0], RegExp]>([
    ['runs past its storage', { shape: [2, 3] }, /\[2, 3\].* past its storage of 4 elements/],
    ['begins past its storage', { offset: 1 }, /past its storage/],
    ['is empty, and begins past its storage', { shape: [0, 2], offset: 5 }, /past its storage/],
    ['steps past its storage', { strides: [3, 1] }, /past its storage/],
    ['has a negative size', { shape: [-1, 2] }, /a shape that is not a list of sizes/],
    ['has a negative stride', { strides: [-2, 1] }, /strides that do not match/],
    ['has a negative offset', { offset: -1 }, /an invalid offset/],
    [
      'has a huge offset',
      { offset: Buffer.from(`\x8a\x08${'\x7f'.repeat(8)}`, 'latin1') },
      /an invalid offset/,
    ],
    ['has fewer strides than sizes', { strides: [1] }, /strides that do not match/],
    ['has 65 dimensions', { shape: Array(65).fill(1), strides: Array(65).fill(1) }, /a shape/],
    [
      'has sizes beyond all numbers',
      { shape: Array(5).fill(2 ** 31 - 1), strides: Array(5).fill(0) },
      /past its storage/,
    ],
    [
      'is empty in one dimension, and beyond all numbers in others',
      { shape: [0, ...Array(5).fill(2 ** 31 - 1)], strides: Array(6).fill(0) },
      /past its storage/,
    ],
    [
      'repeats an element a billion times',
      { shape: [1e9], strides: [0] },
      /far more than the file/,
    ],
    ['has a storage of another size', { elements: 2, shape: [2], strides: [1] }, /claims 8/],
    ['claims a storage beyond the file', { elements: 2 ** 31 - 1 }, /has 16 bytes, but its pickle/],
    ['has no storage in the file', { key: '1' }, /no entry "archive\/data\/1"/],
    ['leaves the folder of storages', { key: '../data.pkl' }, /no entry "archive\/data\/\.\.\//],
    ['has an unknown storage', { storage: 'torch\nStrangeStorage' }, /torch\.StrangeStorage/],
    ['has a storage that is a function', { storage: 'torch\nSize' }, /an unknown class/],
    ['has a storage of no dtype', { storage: 'torch.storage\nTypedStorage' }, /has no dtype/],
    [
      'is one of the eight-bit floats',
      { rest: ['\x89', 'N', 'ctorch\nfloat8_e5m2\n'], rebuild: '_rebuild_tensor_v3' },
      /dtype float8_e5m2/,
    ],
    [
      'sees its storage as another dtype',
      { rest: ['\x89', 'N', 'ctorch\nint32\n'], rebuild: '_rebuild_tensor_v3' },
      /two dtypes/,
    ],
  ])('%s', async (_, options, reason) => {
    await refused(oneTensor(options), reason);
  });

  test.each<[string, Buffer, RegExp]>([
    [
      'is called with nothing',
      pickle('ctorch._utils\n_rebuild_tensor_v2\n)R'),
      /tensor in its pickle has no storage/,
    ],
    ['is a parameter of nothing', pickle('ctorch._utils\n_rebuild_parameter\n)R'), /not a tensor/],
    [
      'is a storage alone',
      pickle(tuple(text('storage'), 'ctorch\nByteStorage\n', text('0'), 'N', 16), 'Q'),
      /neither a tensor nor a plain value/,
    ],
    ['refers to a module', pickle(tuple(text('module'), 'N'), 'Q'), /not a storage/],
    ['refers by a number', pickle('K\x01Q'), /not a storage/],
    [
      'shares its storage in two sizes',
      pickle(tuple(tensorOpcodes(), tensorOpcodes({ elements: 5 }))),
      /described inconsistently/,
    ],
    [
      'shares its storage in two dtypes',
      pickle(tuple(tensorOpcodes(), tensorOpcodes({ storage: 'torch\nIntStorage' }))),
      /two dtypes/,
    ],
    [
      'has the path of another',
      pickle('}(', text('a.b'), tensorOpcodes(), text('a'), '}', text('b'), tensorOpcodes(), 'su'),
      /two tensors have the path "a\.b"/,
    ],
  ])('%s', async (_, data, reason) => {
    await refused(torchZip(data, { 0: four }), reason);
  });

  test('a stride of 0 within reason is read', async () => {
    const bytes = oneTensor({ shape: [3, 2], strides: [0, 1] });
    expect(await read(bytes, ({ tensors }) => tensors.get('tensor')?.toArray())).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
  });
});

describe('a pickle that is none', () => {
  test.each<[string, Buffer, RegExp]>([
    ['is empty', Buffer.alloc(0), /cut short/],
    ['has nothing to return', pickle(), /takes from an empty stack/],
    ['takes from below a mark', pickle('N(\x85'), /takes from an empty stack/],
    ['has no mark', pickle('Nt'), /takes from an empty stack/],
    ['recalls nothing', pickle('h\x05'), /never memoized/],
    ['has a text longer than the file', pickle('X\xff\xff\xff\xff'), /cut short/],
    ['has a text beyond all numbers', pickle(`\x8d${'\xff'.repeat(8)}`), /cut short/],
    ['has bytes beyond the file', pickle(`\x8e${'\x7f'.repeat(8)}`), /cut short/],
    ['has a huge integer', pickle('\x8b\xff\xff\xff\x7f'), /integer of 2147483647 bytes/],
    ['has a huge decimal', pickle(`L${'9'.repeat(2000)}L\n`), /an invalid integer/],
    ['has a decimal that is none', pickle('I1e5\n'), /an invalid integer/],
    ['is of protocol 6', Buffer.from('\x80\x06N.', 'latin1'), /protocol 6/],
    ['has an unknown opcode', pickle('\xff'), /unknown opcode 0xff/],
    ['appends to a tuple', pickle(')Na'), /not a list/],
    ['sets an entry of a list', pickle(']NNs'), /not a dict/],
    ['sets half an entry', pickle('}(Nu'), /not a dict/],
    ['names something by a number', pickle('NN\x93'), /not text/],
    ['has a dict with a list for a key', pickle('}]Ns'), /cannot be written as text/],
    ['has a key twice', pickle('}(K\x01N', text('1'), 'Nu'), /two keys "1"/],
    ['contains itself', pickle(']q\x00h\x00a'), /"0" contains itself/],
    [
      'contains itself further down',
      pickle('}q\x00', text('a'), ']h\x00as'),
      /"a\.0" contains itself/,
    ],
    ['is nested without end', pickle(']', '\x85'.repeat(200_000)), /nested more than 100 deep/],
    ['doubles itself thirty times', pickle(text('x'), repeated(30, '2\x86')), /repeat each other/],
    [
      'has long paths without end',
      pickle(
        text('k'.repeat(1000)),
        'q\x000',
        repeated(90, '}h\x00'),
        tensorOpcodes(),
        repeated(90, 's'),
      ),
      /repeat each other/,
    ],
    ['memoizes without end', pickle('N', repeated(2_000_000, '\x94')), /asks for more than/],
    ['makes containers without end', pickle(repeated(1_000_000, ']')), /asks for more than/],
    [
      'copies a text again and again',
      pickle(
        'c_codecs\nencode\nq\x00',
        tuple(text('x'.repeat(1_000_000)), text('latin1')),
        'q\x01R',
        repeated(1000, 'h\x00h\x01R'),
      ),
      /asks for more than/,
    ],
    ['encodes what is no text', pickle('c_codecs\nencode\n)R'), /invalid arguments/],
    ['has a device without a name', pickle('ctorch\ndevice\n)R'), /invalid arguments/],
    ['has a shape without sizes', pickle('ctorch\nSize\n)R'), /invalid arguments/],
    [
      'has an OrderedDict of what is no pair',
      pickle('ccollections\nOrderedDict\n', tuple(']Na'), 'R'),
      /invalid arguments/,
    ],
    [
      'has objects of NumPy',
      pickle('cnumpy\ndtype\n', tuple(text('O8'), '\x89', '\x88'), 'R'),
      /unsupported NumPy dtype/,
    ],
    [
      'has a number of NumPy with too few bytes',
      pickle(
        'cnumpy.core.multiarray\nscalar\n',
        tuple(
          Buffer.concat([Buffer.from('cnumpy\ndtype\n'), tuple(text('f8')), Buffer.from('R')]),
          'C\x02ab',
        ),
        'R',
      ),
      /invalid NumPy number/,
    ],
  ])('%s', async (_, data, reason) => {
    const before = process.memoryUsage().rss;
    await refused(torchZip(data, { 0: four }), reason);
    expect(process.memoryUsage().rss - before).toBeLessThan(600e6);
  });

  test('of Python 2 has texts of bytes, and an OrderedDict from lists of pairs', async () => {
    const data = pickle(
      'ccollections\nOrderedDict\n](](',
      text('a'),
      'K\x01e](U\x02\xc3\xa9U\x01\xffee\x85R',
    );
    expect(await read(torchZip(data), ({ values }) => values)).toEqual({ a: 1, é: 'ÿ' });
  });
});
