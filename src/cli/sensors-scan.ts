import { type CliDeps, EXIT, printJson } from "./deps.ts";
import { plain } from "./words.ts";

/** `sensors scan`: what is on the buses, with the lines to paste. Gives the exit code. */
export async function sensorsScan(
  deps: CliDeps,
  { json }: { readonly json?: true },
): Promise<number> {
  const { look } = await import("../doctor/look.ts");
  const { found, troubles, lines } = await look();
  if (json) printJson(deps, { found, troubles, yaml: lines.join("\n") });
  else {
    const print = (text: string) => deps.stdout(`${plain(text)}\n`);
    for (const { where, what } of found) print(`${where}  ${what}`);
    for (const { where, says } of troubles) deps.stderr(`watercooler: ${where}: ${plain(says)}\n`);
    if (found.length === 0 && troubles.length === 0) {
      print("No sensor found: docs/hardware.md shows how they are wired.");
    }
    if (lines.length > 0) deps.stdout("\nFor watercooler.yaml:\n\n");
    for (const line of lines) print(line);
  }
  return troubles.length === 0 ? EXIT.done : EXIT.failed;
}
