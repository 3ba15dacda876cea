import { useEffect, useState } from "preact/hooks";
import { Ask } from "./ask.tsx";
import { Header } from "./header.tsx";
import { type Connection, follow } from "./live.ts";
import { Nodes } from "./nodes.tsx";
import { newsOf, type Office, told } from "./office.ts";
import { Overlay } from "./overlay.tsx";
import { Rooms } from "./rooms.tsx";
import { useNow } from "./use-now.ts";

/** The page: what the rooms are like, which nodes tell it, and how these are linked. */
export function App() {
  const [office, setOffice] = useState<Office | undefined>(undefined);
  const [connection, setConnection] = useState<Connection>({ state: "connecting" });
  const [news, setNews] = useState("");
  const nowMs = useNow();

  useEffect(() => {
    let latest: Office | undefined;
    return follow({
      connection: setConnection,
      message: (message) => {
        const next = told(latest, message, performance.now());
        if (next === undefined) return;
        const heard = newsOf(latest, next);
        if (heard !== "") setNews(heard);
        latest = next;
        setOffice(next);
      },
    });
  }, []);

  return (
    <>
      <a class="skip" href="#rooms">
        Skip to the rooms
      </a>
      <Header office={office} connection={connection} nowMs={nowMs} />
      <main class={connection.state === "lost" ? "past" : undefined}>
        {office === undefined ? (
          <p class="empty">Asking this node what it knows …</p>
        ) : (
          <>
            <Ask />
            <Rooms rooms={office.rooms} nowMs={nowMs} />
            <Nodes nodes={office.nodes} self={office.self.id} nowMs={nowMs} />
            <Overlay nodes={office.nodes} self={office.self.id} />
          </>
        )}
      </main>
      <p class="unseen" aria-live="polite">
        {news}
      </p>
      <footer>
        <p>
          No server, no cloud: this page came from{" "}
          <b>{office === undefined ? "a Pi" : office.self.name}</b>, and any other node shows the
          same. As data: <a href="/v1/rooms">rooms</a>, <a href="/metrics">metrics</a>,{" "}
          <a href="/docs">API</a>.
        </p>
      </footer>
    </>
  );
}
