import type { Overrides } from "../config/config.ts";
import type { Loaded } from "../config/load.ts";
import { type CliDeps, CliError, EXIT } from "./deps.ts";

/** The configuration, or a CliError of a line for each thing to mend. */
export async function loadOrFail(
  deps: CliDeps,
  explicitPath: string | undefined,
  overrides: Overrides = {},
): Promise<Loaded> {
  // Loaded now: most commands need neither the parser nor the checker.
  const { loadConfig } = await import("../config/load.ts");
  const { env, hostname, homedir, cwd } = deps;
  const named = explicitPath === undefined ? {} : { explicitPath };
  const loaded = await loadConfig({ env, hostname, homedir, cwd, overrides, ...named });
  if (loaded.ok) return loaded.value;
  throw new CliError(EXIT.badConfiguration, loaded.error.join("\n"));
}
