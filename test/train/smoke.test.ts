import { KAN, createInr, inrKinds, load } from '../../lib/nn';
import { fit } from '../../lib/train';
import { createClip } from '../../lib/audio';

test.each(inrKinds)('%s', async (kind) => {
  const n = createInr(kind, { seed: 1 });
  console.log(kind, n.parameterCount, n.options, [...n.stateDict()].map(([k,v])=>k+':'+v.shape.join('x')+v.dtype).join(' '));
  const clip = createClip(Float32Array.from({length: 4096},(_,i)=>Math.sin(i*0.05)*Math.sin(i*0.001)), 22050);
  const r = await fit(n, clip, { steps: 10, onProgress: (p) => console.log(p.step, p.loss, p.siSnr) });
  console.log(r);
  await n.save('/tmp/x.safetensors');
  const m = await load('/tmp/x.safetensors');
  console.log(m.render(5), n.render(5), m.render({from: 0, to: 0.1, sampleRate: 100}));
  n.dispose(); m.dispose();
});
