import type { ReadSide } from "../node/read-side.ts";
import { json } from "./answer.ts";
import type { Route } from "./router.ts";
import type { DemoDocument } from "./types.ts";

/** Cutting and healing the office: routes that only the demo's nodes have. */
export function demoRoutes({ demo }: ReadSide): readonly Route[] {
  if (demo === undefined) return [];
  const change = (what: "cut" | "heal"): Route => ({
    method: "POST",
    path: `/v1/demo/${what}`,
    access: "write",
    summary: what === "cut" ? "Cuts the demo's office in two halves" : "Joins the halves again",
    answers: { 202: { says: "Asked for.", schema: "Demo" } },
    handle: () => {
      demo.ask(what);
      return json({ cut: what === "cut" } satisfies DemoDocument, 202);
    },
  });
  return [
    {
      method: "GET",
      path: "/v1/demo",
      access: "open",
      summary: "Whether the demo's office is cut in two",
      answers: { 200: { says: "Whether it is.", schema: "Demo" } },
      handle: () => json({ cut: demo.isCut() } satisfies DemoDocument),
    },
    change("cut"),
    change("heal"),
  ];
}
