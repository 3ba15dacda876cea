import { Icon } from "./icon.tsx";
import type { Connection } from "./live.ts";
import { type Office, pagesOf } from "./office.ts";
import { Preferences } from "./preferences.tsx";
import type { Route } from "./route.ts";
import { useNow } from "./use-now.ts";
import { useWords } from "./words.ts";

interface Props {
  readonly office: Office | undefined;
  readonly connection: Connection;
  readonly route: Route;
}

const TABS: readonly { view: "office" | "people" | "mesh" | "setup"; href: string }[] = [
  { view: "office", href: "#/" },
  { view: "people", href: "#/people" },
  { view: "mesh", href: "#/mesh" },
  { view: "setup", href: "#/setup" },
];

/** Where one is, where one can go, and how this page's own line to the mesh is. */
export function Header({ office, connection, route }: Props) {
  const { texts } = useWords();
  const nodes = [...(office?.nodes.values() ?? [])].filter(
    ({ document }) => document.state !== "retired",
  );
  const alive = nodes.filter(({ document }) => document.state === "alive").length;
  const here = route.view === "room" || route.view === "plan" ? "office" : route.view;
  return (
    <header>
      <div class="bar">
        <h1>
          <a href="#/">Watercooler</a>
        </h1>
        <nav aria-label={texts.pages}>
          {TABS.map(({ view, href }) => (
            <a key={view} href={href} aria-current={view === here ? "page" : undefined}>
              <Icon name={view} />
              <span>{texts.tabs[view]}</span>
            </a>
          ))}
        </nav>
        {office !== undefined && (
          <p class={`tally${alive < nodes.length ? " some" : ""}`}>
            {texts.nodesAlive(alive, nodes.length)}
          </p>
        )}
        <p class={`line ${connection.state}`} role="status">
          <span aria-hidden="true">{connection.state === "live" ? "●" : "○"}</span>{" "}
          {texts.connection[connection.state]}
        </p>
        <Preferences />
      </div>
      {connection.state === "lost" && <Lost office={office} triesAtMs={connection.triesAtMs} />}
      {connection.state === "live" && connection.via !== undefined && (
        <Elsewhere office={office} via={connection.via} />
      )}
    </header>
  );
}

/** Another node speaks: what is asked and set goes to the page's own, so there is its page. */
function Elsewhere({ office, via }: { office: Office | undefined; via: string }) {
  const { texts } = useWords();
  return (
    <section class="notice" aria-label={texts.connectionTitle}>
      <p role="alert">
        <b>{texts.goesOn(location.host, office?.self.name ?? via)}</b>{" "}
        <a href={`${via}/${location.hash}`}>{texts.openPage(office?.self.name ?? via)}</a>
      </p>
    </section>
  );
}

function Lost({ office, triesAtMs }: { office: Office | undefined; triesAtMs: number }) {
  const { texts } = useWords();
  const nowMs = useNow();
  const others = pagesOf(office, location.protocol).filter(({ href }) => href !== location.origin);
  const waitS = Math.max(0, Math.ceil((triesAtMs - nowMs) / 1_000));
  return (
    <section class="notice" aria-label={texts.connectionTitle}>
      <p>
        <b role="alert">{texts.noNodeAnswers}</b> {office !== undefined && texts.lastTold}{" "}
        {waitS > 0 ? texts.triesIn(waitS) : texts.triesNow}
      </p>
      {others.length > 0 && (
        <p>
          {texts.anyOther}{" "}
          {others.slice(0, 4).map(({ name, href }) => (
            <a key={href} href={href}>
              {name}
            </a>
          ))}
        </p>
      )}
    </section>
  );
}
