import type { Finding } from "../doctor/finding.ts";
import { type Asking, clientOf } from "./asking.ts";
import { type CliDeps, CliError, EXIT, printJson } from "./deps.ts";
import { meshFindings } from "./doctor-mesh.ts";
import { healthDocument, selfDocument } from "./documents.ts";
import { loadOrFail } from "./load-config.ts";
import { inTone, paperOf, type Tone } from "./table.ts";
import { plain } from "./words.ts";

export interface Doctoring extends Asking {
  readonly config?: string;
}

const TONES: Readonly<Record<Finding["state"], Tone>> = { ok: "good", warn: "dim", fail: "bad" };

/** `doctor`: what is well, what is not, and what to do. Gives the exit code. */
export async function doctor(deps: CliDeps, options: Doctoring): Promise<number> {
  const findings: Finding[] = [];
  const node = await nodeFindings(deps, options);
  try {
    const { config, path } = await loadOrFail(deps, options.config);
    const from = path ?? "no file: all defaults";
    findings.push({ check: "config", state: "ok", says: from });
    const { examine } = await import("../doctor/examine.ts");
    const runs = node.length > 1 ? "runs" : "does not run";
    findings.push(...(await examine({ config, node: runs })));
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    for (const line of error.message.split("\n")) {
      findings.push({ check: "config", state: "fail", says: line });
    }
  }
  findings.push(...node);
  const ok = findings.every(({ state }) => state !== "fail");
  if (options.json) printJson(deps, { ok, findings });
  else print(deps, findings);
  return ok ? EXIT.done : EXIT.failed;
}

/** What the running node says of itself; one line where none answers. */
async function nodeFindings(deps: CliDeps, options: Doctoring): Promise<readonly Finding[]> {
  const client = clientOf(deps, options);
  try {
    const health = await client.get("/v1/health", healthDocument);
    const { sensors } = await client.get("/v1/node", selfDocument);
    return [
      ...Object.entries(health.checks).map(([name, { status, detail }]): Finding => {
        const state = status === "ok" ? "ok" : "fail";
        return { check: `node ${name}`, state, says: detail };
      }),
      ...(await meshFindings(client, Date.now())),
      ...sensors.map(({ name, platform, state, error }): Finding => {
        if (state !== "failing")
          return { check: "sensor", state: "ok", says: `${name} (${platform})` };
        return { check: "sensor", state: "fail", says: `${name} (${platform}): ${error ?? ""}` };
      }),
    ];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [{ check: "node", state: "warn", says: error.message }];
  }
}

function print(deps: CliDeps, findings: readonly Finding[]): void {
  const paper = paperOf(deps);
  const width = Math.max(...findings.map(({ check }) => check.length));
  for (const { check, state, says, mend } of findings) {
    const sign = inTone({ text: state.padEnd(4), tone: TONES[state] }, paper);
    const rest = mend === undefined ? says : `${says}: ${mend}`;
    deps.stdout(`${sign}  ${check.padEnd(width)}  ${plain(rest)}\n`);
  }
}
