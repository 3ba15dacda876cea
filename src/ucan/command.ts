/** `/` and then lower-case segments; no empty ones, none at the end (UCAN Delegation, Command). */
const COMMAND = /^\/(?:[^/\p{Lu}\s]+(?:\/[^/\p{Lu}\s]+)*)?$/u;
/** Longer than any command of ours. A guess. */
const COMMAND_CHARS_MAX = 128;

export function isCommand(text: string): boolean {
  return text.length <= COMMAND_CHARS_MAX && COMMAND.test(text);
}

/** Whether a command names another or one under it: `/mesh` covers `/mesh/join`, not `/meshes`. */
export function covers(wide: string, narrow: string): boolean {
  return wide === "/" || narrow === wide || narrow.startsWith(`${wide}/`);
}
