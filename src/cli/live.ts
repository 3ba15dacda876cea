import { Refusal, unreachable } from "./client.ts";
import { type CliError, EXIT } from "./deps.ts";

/** A node says something each 10 s (`src/api/live.ts`); three such spans of silence are the end. */
const SILENCE_MS_MAX = 30_000;
const CONNECT_MS_MAX = 10_000;
/** No smaller than an answer. A guess. */
const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Reads a node's `/v1/live` until it ends, in whatever way; the error says why where it is one.
 * `onText` is given each message as it came.
 */
export async function readLive(
  base: string,
  signal: AbortSignal,
  onText: (text: string) => void,
  { authorization, ca }: { readonly authorization?: string; readonly ca?: string } = {},
): Promise<CliError | undefined> {
  const { default: WebSocket } = await import("ws");
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(undefined);
    const socket = new WebSocket(`${base.replace(/^http/, "ws")}/v1/live`, {
      handshakeTimeout: CONNECT_MS_MAX,
      maxPayload: MESSAGE_BYTES_MAX,
      ...(ca !== undefined && { ca }),
      ...(authorization !== undefined && { headers: { authorization } }),
    });
    let why: CliError | undefined;
    const end = () => socket.terminate();
    const silence = setTimeout(end, SILENCE_MS_MAX);
    signal.addEventListener("abort", end, { once: true });
    socket.on("message", (data) => {
      silence.refresh();
      onText(String(data));
    });
    socket.on("unexpected-response", (_, response) => {
      why = new Refusal(
        response.statusCode ?? 0,
        `${base} refuses to be watched (HTTP ${response.statusCode}): name another with --node`,
      );
      end();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      why ??= signal.aborted ? undefined : unreachable(base, error.code ?? error.message);
    });
    socket.on("close", () => {
      clearTimeout(silence);
      signal.removeEventListener("abort", end);
      resolve(why?.code === EXIT.unreachable && signal.aborted ? undefined : why);
    });
  });
}
