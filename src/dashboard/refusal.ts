import type { Texts } from "./texts/texts.ts";
import type { Written } from "./write.ts";

const NEEDS_CAPABILITY = [401, 403];

/** Why a write was not taken, in the user's words where the page has some. */
export function refusalText(written: Extract<Written, { ok: false }>, texts: Texts): string {
  if (written.status === 0) return texts.noAnswer;
  if (NEEDS_CAPABILITY.includes(written.status)) return texts.mayNotWrite;
  return written.detail;
}
