/** What the programs here learn, [4096]. */
exports.tone = Float32Array.from({ length: 4096 }, (_, i) => 0.6 * Math.sin(i / 9));
