import type { Result } from "../base/result.ts";
import type { Overrides } from "../config/config.ts";
import type { Loaded } from "../config/load.ts";
import { type CliDeps, CliError, EXIT } from "./deps.ts";

/** The configuration, or a line for each thing to mend. */
export async function load(
  deps: CliDeps,
  explicitPath: string | undefined,
  overrides: Overrides = {},
): Promise<Result<Loaded, readonly string[]>> {
  // Loaded now: most commands need neither the parser nor the checker.
  const { loadConfig } = await import("../config/load.ts");
  const { env, hostname, homedir, cwd } = deps;
  const named = explicitPath === undefined ? {} : { explicitPath };
  return loadConfig({ env, hostname, homedir, cwd, overrides, ...named });
}

/** The configuration, or a CliError of a line for each thing to mend. */
export async function loadOrFail(
  deps: CliDeps,
  explicitPath: string | undefined,
  overrides: Overrides = {},
): Promise<Loaded> {
  const loaded = await load(deps, explicitPath, overrides);
  if (loaded.ok) return loaded.value;
  throw new CliError(EXIT.badConfiguration, loaded.error.join("\n"));
}
