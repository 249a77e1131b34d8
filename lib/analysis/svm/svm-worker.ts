// The program of a worker thread of `crossValidateSvm`. libsvm-js has a heap of its own, and where
// it fails it ends whatever it runs in: here, a thread.

import { serveTasks } from '../../workers/serve-tasks.js';
import { evaluateFold, type FoldData, type FoldResult } from './evaluate-fold.js';

serveTasks<FoldData, number, FoldResult>((data) => (held) => evaluateFold(data, held));
