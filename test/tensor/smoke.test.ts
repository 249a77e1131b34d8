import { tensor, ops, scope, memory, noGrad, gradients, callOperator, readSafetensors, manualSeed, Generator } from '/work/main/lib/tensor/index';
test('smoke', async () => {
  scope(() => {
    const a = tensor([[1,2],[3,4]]);
    console.log(a, a.shape, a.add(1).toArray(), a.matmul(a).toArray(), a.data());
    console.log(ops.svd(a).S.toArray());
    const d = a.data('float32'); d[0]=9; console.log(a.toArray(), a.data().buffer === d.buffer);
    try { a.matmul(tensor([[1,2,3]])); } catch (e) { console.log(e); }
    try { a.softmax('x' as never); } catch (e) { console.log(String(e)); }
    try { ops.zeros([2**40]); } catch (e) { console.log(String(e)); }
    try { ops.stft(a, 4); } catch (e) { console.log(String(e)); }
    const w = tensor([1,2,3], {requiresGrad: true});
    const l = w.square().sum(); l.backward(); console.log(w.grad?.toArray());
    console.log(String(callOperator('aten::mish', [a])), memory());
    console.log(String(callOperator('aten::sort.stable', [a, true, 1, false])));
    console.log(ops.rand([3], {generator: new Generator(3)}).toArray(), ops.rand([3], {generator: new Generator(3)}).toArray());
    console.log(a.fft().toArray(), a.fft().abs().toArray());
  });
  console.log(memory());
  const f = await readSafetensors('/work/shared/golden/kan_batched.safetensors');
  console.log([...f.tensors.keys()].length, memory(), f.metadata);
  for (const t of f.tensors.values()) t.dispose();
});
