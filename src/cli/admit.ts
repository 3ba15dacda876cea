import * as v from "valibot";
import { type Asking, clientOf } from "./asking.ts";
import { type CliDeps, CliError, EXIT, printJson } from "./deps.ts";
import { plain } from "./words.ts";

export interface Admitting extends Asking {
  readonly admin?: true;
  readonly refuse?: true;
}

const admitted = v.object({ id: v.string() });
const forgotten = v.object({ id: v.string(), name: v.string(), kept: v.array(v.string()) });

/** Lets a node in that knocks, or sends it away. */
export async function admit(deps: CliDeps, name: string, options: Admitting): Promise<void> {
  const client = clientOf(deps, options);
  const path = `/v1/pending/${encodeURIComponent(name)}`;
  if (options.refuse) {
    if (options.admin) throw new CliError(EXIT.usage, "give --admin or --refuse, not both");
    await client.send("DELETE", path);
    if (options.json) return printJson(deps, { node: name, state: "refused" });
    return deps.stdout(`${plain(name)} is sent away.\n`);
  }
  const done = await client.post(path, { power: options.admin ? "admin" : "member" }, admitted);
  if (options.json) return printJson(deps, done);
  const more = options.admin ? ", and may let others in" : "";
  deps.stdout(`${plain(name)} is let in${more}; it comes within seconds.\n`);
}

/** Puts a node out of the mesh for good. */
export async function forget(deps: CliDeps, name: string, options: Asking): Promise<void> {
  const client = clientOf(deps, options);
  const path = `/v1/nodes/${encodeURIComponent(name)}`;
  const document = await client.send("DELETE", path);
  if (options.json) return printJson(deps, document);
  const { name: told, kept } = client.checked(path, document, forgotten);
  deps.stdout(`${plain(told)} is out of the mesh for good, and all that it wrote goes.\n`);
  if (kept.length === 0) return;
  const names = plain(kept.join(", "));
  deps.stdout(`It had let these in, and they stay: ${names}. Forget any that you don't know.\n`);
}
