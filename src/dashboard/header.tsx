import type { Connection } from "./live.ts";
import type { Office } from "./office.ts";

interface Props {
  readonly office: Office | undefined;
  readonly connection: Connection;
  readonly nowMs: number;
}

const DIGEST_SHOWN = 8;

/** How the mesh and this page's own line to it are, in words. */
export function Header({ office, connection, nowMs }: Props) {
  const nodes = [...(office?.nodes.values() ?? [])].filter(
    ({ document }) => document.state !== "retired",
  );
  const alive = nodes.filter(({ document }) => document.state === "alive");
  return (
    <header>
      <div class="bar">
        <h1>Watercooler</h1>
        {office !== undefined && (
          <p class="facts">
            <span class="alive">
              {alive.length} of {nodes.length} nodes {connection.state === "lost" && "were "}alive
            </span>
            <span
              title={`Hash of all that is known, equal on nodes that agree: ${office.mesh.digest}`}
            >
              state <code>{office.mesh.digest.slice(0, DIGEST_SHOWN)}</code>
            </span>
          </p>
        )}
        <p class={`line ${connection.state}`} role="status">
          <span aria-hidden="true">{connection.state === "live" ? "●" : "○"}</span>{" "}
          {lineText(connection)}
        </p>
      </div>
      {connection.state === "lost" && (
        <Lost office={office} triesInS={(connection.triesAtMs - nowMs) / 1_000} />
      )}
    </header>
  );
}

function lineText({ state }: Connection): string {
  if (state === "live") return "live";
  return state === "lost" ? "reconnecting" : "connecting";
}

function Lost({ office, triesInS }: { office: Office | undefined; triesInS: number }) {
  const others = [...(office?.nodes.values() ?? [])]
    .map(({ document }) => document)
    .filter(({ id, state }) => id !== office?.self.id && state === "alive")
    .flatMap(({ name, api }) =>
      api
        .filter(isWebAddress)
        .slice(0, 1)
        .map((href) => ({ name, href })),
    );
  const name = office?.self.name ?? "This node";
  const wait = Math.max(0, Math.ceil(triesInS));
  return (
    <section class="notice" aria-label="Connection">
      <p>
        <b role="alert">{name} does not answer.</b>{" "}
        {office !== undefined && "Below is the last it told. "}
        {wait > 0 ? `Trying again in ${wait} s.` : "Trying again …"}
      </p>
      {others.length > 0 && (
        <p>
          Any other node knows the same:{" "}
          {others.slice(0, 4).map(({ name: text, href }) => (
            <a key={href} href={href}>
              {text}
            </a>
          ))}
        </p>
      )}
    </section>
  );
}

/** Other nodes say where they are: only an ordinary web address becomes a link. */
function isWebAddress(text: string): boolean {
  return /^https?:\/\/[\w.:[\]-]+\/?$/.test(text);
}
