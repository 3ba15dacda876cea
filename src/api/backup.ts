import * as v from "valibot";
import type { ReadSide } from "../node/read-side.ts";
import { type Answer, json } from "./answer.ts";
import { readJson } from "./body.ts";
import { problem } from "./problems.ts";
import type { Asked, Route } from "./router.ts";

/** `pid` tells which process keeps the file still, as the folder's own note does. */
interface BackupHeldDocument {
  readonly hold: number;
  readonly pid: number;
}

interface BackupReleasedDocument {
  readonly still: boolean;
}

const request = v.strictObject({ file: v.picklist(["state", "history"]) });

/** For `watercooler backup` on the node's own machine: no data of a file is in an answer. */
export function backupRoutes(readSide: ReadSide): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/v1/backup",
      access: "write",
      summary: "Keeps a file of the data folder still, with all that was acknowledged in it",
      body: "BackupBody",
      answers: {
        200: { says: "It stands still until it is released.", schema: "BackupHeld" },
        400: { says: "Not such a file.", schema: "Problem" },
        404: { says: "This node has no files.", schema: "Problem" },
        413: { says: "Over 64 KiB.", schema: "Problem" },
        415: { says: "Not JSON.", schema: "Problem" },
        507: { says: "The node has no room for it.", schema: "Problem" },
      },
      handle: (asked) => hold(readSide, asked),
    },
    {
      method: "DELETE",
      path: "/v1/backup/{hold}",
      access: "write",
      summary: "Releases the file; tells whether it stood still",
      answers: { 200: { says: "Whether it did.", schema: "BackupReleased" } },
      handle: ({ params }) => {
        const still = readSide.backup?.release(Number(params.hold)) === "held";
        return json({ still } satisfies BackupReleasedDocument);
      },
    },
  ];
}

async function hold({ backup }: ReadSide, { incoming }: Asked): Promise<Answer> {
  const body = await readJson(incoming);
  if (!body.ok) return body.error;
  const wanted = v.safeParse(request, body.value);
  if (!wanted.success) return problem(400, 'send {"file": "state"} or {"file": "history"}');
  if (backup === undefined) return problem(404, "this node keeps no files");
  const held = backup.hold(wanted.output.file);
  if (!held.ok) return problem(held.error.status, held.error.detail);
  return json(held.value satisfies BackupHeldDocument);
}
