const given = new Set<string>();

/**
 * A warning of the process (`process.on('warning')`, by default on standard error), once for each
 * message.
 */
export function warnOnce(code: string, message: string): void {
  if (given.has(message)) return;
  given.add(message);
  process.emitWarning(message, { type: 'FewSoundWarning', code });
}
