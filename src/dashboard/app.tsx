import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Header } from "./header.tsx";
import { type Connection, Follower } from "./live.ts";
import { MeshView } from "./mesh-view.tsx";
import { newsOf, type Office, pagesOf, told } from "./office.ts";
import { OfficeView } from "./office-view.tsx";
import { PeopleView } from "./people.tsx";
import { PlanView } from "./plan-view.tsx";
import { RoomView } from "./room-view.tsx";
import { type Route, useRoute } from "./route.ts";
import { applySettings, keepSettings, storedSettings } from "./settings.ts";
import { SetupView } from "./setup-view.tsx";
import { WordsContext, wordsOf } from "./words.ts";

/** The page: what the rooms are like, who is in, and how the nodes stand. */
export function App() {
  const [settings, setSettings] = useState(storedSettings);
  const words = useMemo(() => wordsOf(settings, setSettings), [settings]);
  const { texts } = words;
  const { office, connection, news } = useOffice(texts.news);
  const route = useRoute();
  useEffect(() => {
    applySettings(settings);
    keepSettings(settings);
  }, [settings]);
  useEffect(() => window.scrollTo(0, 0), [route.view]);

  return (
    <WordsContext.Provider value={words}>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        {texts.skip}
      </button>
      <Header office={office} connection={connection} route={route} />
      <main id="main" tabindex={-1} class={connection.state === "lost" ? "past" : undefined}>
        {office === undefined ? (
          <p class="empty loading">
            {connection.state === "lost" ? texts.nothingYet : texts.loading}
          </p>
        ) : (
          <View office={office} route={route} />
        )}
      </main>
      <p class="unseen" aria-live="polite">
        {news}
      </p>
      <footer>
        <p>
          {texts.noServer(office?.self.name ?? location.host)} <a href="/v1/rooms">{texts.rooms}</a>
          , <a href="/metrics">{texts.metrics}</a>, <a href="/docs">API</a>.
        </p>
        {office !== undefined && (
          <p title={texts.stateHash}>
            {texts.state} <code>{office.mesh.digest.slice(0, DIGEST_SHOWN)}</code>
          </p>
        )}
      </footer>
    </WordsContext.Provider>
  );
}

const DIGEST_SHOWN = 8;

function View({ office, route }: { office: Office; route: Route }) {
  switch (route.view) {
    case "people":
      return <PeopleView office={office} />;
    case "mesh":
      return <MeshView office={office} />;
    case "room":
      return <RoomView office={office} room={route.room} />;
    case "plan":
      return <PlanView office={office} />;
    case "setup":
      return <SetupView office={office} />;
    default:
      return <OfficeView office={office} />;
  }
}

/** The office as it is told, for as long as the page is open. */
function useOffice(
  newsText: (name: string, what: ReturnType<typeof newsOf>[number]["what"]) => string,
) {
  const [office, setOffice] = useState<Office | undefined>(undefined);
  const [connection, setConnection] = useState<Connection>({ state: "connecting" });
  const [news, setNews] = useState("");
  const text = useRef(newsText);
  text.current = newsText;
  useEffect(() => {
    let latest: Office | undefined;
    const follower = new Follower({
      connection: setConnection,
      others: () => pagesOf(latest).map(({ href }) => href),
      message: (message) => {
        const next = told(latest, message, performance.now());
        if (next === undefined) return;
        const heard = newsOf(latest, next).map(({ name, what }) => text.current(name, what));
        if (heard.length > 0) setNews(heard.join(", "));
        latest = next;
        setOffice(next);
      },
    });
    follower.start();
    return () => follower.stop();
  }, []);
  return { office, connection, news };
}
