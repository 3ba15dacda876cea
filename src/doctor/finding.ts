/** One line of what the doctor saw. */
export interface Finding {
  /** What was looked at, in a word. */
  readonly check: string;
  /** "warn" is what works, yet not as well as it might. */
  readonly state: "ok" | "warn" | "fail";
  readonly says: string;
  /** What to do about it. */
  readonly mend?: string;
}

export function fine(check: string, says: string): Finding {
  return { check, state: "ok", says };
}

export function warning(check: string, says: string, mend: string): Finding {
  return { check, state: "warn", says, mend };
}

export function failure(check: string, says: string, mend: string): Finding {
  return { check, state: "fail", says, mend };
}

/** A line of the form "what is wrong: what to do", as all errors here are. */
export function fromLine(check: string, state: "warn" | "fail", line: string): Finding {
  const cut = line.indexOf(": ");
  if (cut < 0) return { check, state, says: line };
  return { check, state, says: line.slice(0, cut), mend: line.slice(cut + 2) };
}
