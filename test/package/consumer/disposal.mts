// `using`, in a project whose `lib` knows it. It is compiled against the installed package, never
// run.
import { KAN, ProcessGroup, tensor } from 'fewsound';
import { openCorpus } from 'fewsound/data';

using one = tensor([1]);
using kan = new KAN({ seed: one.size });
await using corpus = await openCorpus('speech');
await using group = await ProcessGroup.join({
  rank: 0,
  size: 1,
  masterAddress: 'localhost',
  masterPort: 29_500,
});

export const facts: number[] = [kan.parameterCount, corpus.sampleRate, group.rank];
const disposables: Disposable[] = [one, kan, group];
export const asynchronous: AsyncDisposable[] = [corpus, group];
// @ts-expect-error a corpus is closed in its own time
disposables.push(corpus);
