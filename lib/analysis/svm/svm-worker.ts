// The program of a worker thread of `crossValidateSvm`. libsvm-js holds a heap of its own, and ends what it runs in where it
// fails: here that is a thread.

import { serveTasks } from '../../workers/serve-tasks.js';
import { type FoldedFeatures, type JudgedFold, judgeFold } from './judge-fold.js';

serveTasks<FoldedFeatures, number, JudgedFold>((data) => (held) => judgeFold(data, held));
