// Every test ends with as many live tensors as it began with. Loads nothing by itself.
import { type MemoryUse, memory } from '../../lib/tensor/scope';

let before: MemoryUse;

beforeEach(() => {
  before = memory();
});

afterEach(() => {
  const { tensors, bytes } = memory();
  if (tensors > before.tensors) {
    throw new Error(
      `the test leaves ${tensors - before.tensors} tensor(s) behind (${JSON.stringify(bytes)} bytes in all); use scope(), using or dispose()`,
    );
  }
});
