import type { SensorFiles } from "./port.ts";

/** Files in memory that can be taken away, fail or hang; the twin of the kernel's. */
export class MemoryFiles implements SensorFiles {
  private readonly texts = new Map<string, string>();
  private readonly failing = new Map<string, string>();

  /** Writes files under a folder. */
  put(folder: string, files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) this.texts.set(`${folder}/${name}`, text);
  }

  remove(folder: string): void {
    for (const path of [...this.texts.keys()]) {
      if (path.startsWith(`${folder}/`)) this.texts.delete(path);
    }
  }

  /** From now on reading this file gives the kernel's code; without one it is well again. */
  fail(path: string, code?: string): void {
    if (code === undefined) this.failing.delete(path);
    else this.failing.set(path, code);
  }

  async list(folder: string): Promise<readonly string[]> {
    const names = [...this.texts.keys()]
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1).split("/", 1)[0] ?? "");
    return [...new Set(names)].sort();
  }

  async read(path: string): Promise<string> {
    const text = this.texts.get(path);
    const code = this.failing.get(path) ?? (text === undefined ? "ENOENT" : undefined);
    if (code !== undefined) throw Object.assign(new Error(`${code}: ${path}`), { code });
    return (text ?? "").trim();
  }
}
