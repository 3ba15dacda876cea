export type PathParams = Readonly<Record<string, string>>;

/**
 * The parts of a path that a pattern names: `/v1/rooms/{room}` takes one segment in its braces.
 * Undefined where the path does not fit.
 */
export function matchPath(pattern: string, path: string): PathParams | undefined {
  return matchSegments(pattern.split("/"), path.split("/"));
}

/** The same for what was split at its slashes before. */
export function matchSegments(
  pattern: readonly string[],
  segments: readonly string[],
): PathParams | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, wanted] of pattern.entries()) {
    const given = segments[at] ?? "";
    const name = /^\{(\w+)\}$/.exec(wanted)?.[1];
    if (name === undefined) {
      if (wanted !== given) return undefined;
      continue;
    }
    const text = decoded(given);
    if (text === undefined || text === "") return undefined;
    params[name] = text;
  }
  return params;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
