"""The noise of made-up signals, the same as in noise.ts."""

import numpy as np


def noise(length, seed):
    """Uniform in [-1, 1), by a generator that any language has in three lines."""
    values = np.empty(length)
    state = seed
    for i in range(length):
        state = (1_664_525 * state + 1_013_904_223) % 2**32
        values[i] = state / 2**31 - 1
    return values
