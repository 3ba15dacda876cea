import { useEffect, useState } from "preact/hooks";

/** What the page shows, by the part of its address after the "#". */
export type Route =
  | { readonly view: "office" | "plan" | "people" | "mesh" | "setup" }
  | { readonly view: "room"; readonly room: string };

const PLAIN = ["plan", "people", "mesh", "setup"] as const;

export function routeOf(hash: string): Route {
  const [, first = "", second = ""] = hash.split("/");
  if (first === "room" && second !== "") return { view: "room", room: decoded(second) };
  return { view: PLAIN.find((view) => view === first) ?? "office" };
}

export function roomHref(room: string): string {
  return `#/room/${encodeURIComponent(room)}`;
}

/** The route now; goes with the browser's own back and forward. */
export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const moved = () => setHash(location.hash);
    window.addEventListener("hashchange", moved);
    return () => window.removeEventListener("hashchange", moved);
  }, []);
  return routeOf(hash);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
