import type { Alias, Document, Node, YAMLMap } from "yaml";

type Yaml = typeof import("./parse-yaml.ts");

/** A key's place in the text, and what is wrong with it. */
export interface WrongKey {
  readonly offset: number;
  readonly says: string;
}

/** What a document holds that its value no longer shows. */
export interface Survey {
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<Alias, Node>;
  readonly aliasCount: number;
  /** The first alias with no anchor before it. */
  readonly lost: Alias | undefined;
  /** Keys that no mapping of ours has: there already, or no word. */
  readonly wrongKeys: readonly WrongKey[];
}

/**
 * Walks over a document once. The library's own check for repeated keys compares each with all
 * before it, and its own look-up of an alias reads the whole file: 64 KiB of either took 20 s.
 */
export function survey(yaml: Yaml, document: Document): Survey {
  const anchored = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  const wrongKeys: WrongKey[] = [];
  let aliasCount = 0;
  let lost: Alias | undefined;
  yaml.visit(document, {
    Node: (_, node) => {
      if (yaml.isAlias(node)) {
        aliasCount += 1;
        const target = anchored.get(node.source);
        if (target === undefined) lost ??= node;
        else targets.set(node, target);
        return;
      }
      if (node.anchor !== undefined) anchored.set(node.anchor, node);
      if (yaml.isMap(node)) judgeKeys(yaml, node, wrongKeys);
    },
  });
  return { targets, aliasCount, lost, wrongKeys };
}

function judgeKeys(yaml: Yaml, map: YAMLMap, wrongKeys: WrongKey[]): void {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    if (yaml.isMap(key) || yaml.isSeq(key)) {
      const says = "a key must be a word: a value that begins with { or [ needs quotes";
      wrongKeys.push({ offset: key.range?.[0] ?? 0, says });
    }
    // The merge key << is a symbol, and may be there twice.
    if (!yaml.isScalar(key) || typeof key.value === "symbol") continue;
    // As text, which is what the value has for keys: 1 and "1" are one there.
    const name = String(key.value ?? "");
    if (seen.has(name)) {
      const shown = /^[\w.-]+$/.test(name) ? name : JSON.stringify(name);
      const says = `${shown} is there twice in one mapping: keep one`;
      wrongKeys.push({ offset: key.range?.[0] ?? 0, says });
    }
    seen.add(name);
  }
}
