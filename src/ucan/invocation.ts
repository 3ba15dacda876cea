import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isCommand } from "./command.ts";
import { NONCE_BYTES_MAX } from "./delegation.ts";
import {
  hasOtherThan,
  isSeconds,
  principal,
  type Signer,
  seal,
  type Token,
  type UcanCrypto,
  unseal,
  type Version,
} from "./envelope.ts";
import { type Ipld, type IpldMap, isList, isMap, Link, type Sha256 } from "./ipld.ts";

/** A request to use delegated power (UCAN Invocation 1.0.0-rc.1). Times are Unix seconds. */
export interface Invocation extends Token {
  readonly iss: NodeId;
  readonly sub: NodeId;
  /** Who is to do it, where that is not the subject. */
  readonly aud?: NodeId;
  readonly cmd: string;
  readonly args: IpldMap;
  /** Content ids of the delegations from the subject to the issuer, in that order. */
  readonly prf: readonly string[];
  readonly nonce: Uint8Array;
  readonly exp: number | null;
  readonly iat?: number;
}

export interface InvocationRequest {
  readonly issuer: Signer;
  readonly subject: NodeId;
  readonly audience?: NodeId;
  readonly command: string;
  readonly args: IpldMap;
  readonly proofs: readonly Token[];
  readonly expiration: number | null;
  readonly issuedAt?: number;
  readonly nonce: Uint8Array;
  readonly version?: Version;
}

const FIELDS = [
  ...["iss", "sub", "aud", "cmd", "args", "prf"],
  ...["nonce", "exp", "iat", "meta", "cause"],
] as const;

/** Makes and signs an invocation. */
export function invoke(
  request: InvocationRequest,
  crypto: { readonly sha256: Sha256 },
): Invocation {
  const { issuer, subject: sub, audience: aud, command: cmd, args, proofs, nonce } = request;
  const { expiration: exp, issuedAt: iat, version } = request;
  const prf = proofs.map(({ cid }) => cid);
  const fields = {
    iss: issuer.id,
    sub,
    cmd,
    args,
    nonce,
    exp,
    ...(aud !== undefined && { aud }),
    ...(iat !== undefined && { iat }),
  };
  const payload = { ...fields, prf: prf.map((cid) => new Link(cid)) };
  return { ...fields, prf, ...seal("inv", payload, issuer, crypto, version) };
}

/** Reads an invocation, its signature checked; the error says what is wrong with it. */
export function decodeInvocation(bytes: Uint8Array, crypto: UcanCrypto): Result<Invocation> {
  const opened = unseal("inv", bytes, crypto);
  if (!opened.ok) return opened;
  const { payload, token, iss } = opened.value;
  const { cmd, args, nonce, exp = "", iat, aud: audience } = payload;
  if (hasOtherThan(payload, FIELDS)) return err("a field that an invocation does not have");
  const sub = principal(payload.sub);
  const aud = principal(audience);
  if (sub === undefined) return err("its subject is no Ed25519 did:key");
  if (audience !== undefined && aud === undefined) return err("its audience is no Ed25519 did:key");
  if (typeof cmd !== "string" || !isCommand(cmd)) return err("its command is none");
  if (args === undefined || !isMap(args)) return err("its arguments are no map");
  const prf = cidsOf(payload.prf);
  if (prf === undefined) return err("its proofs are no content ids");
  if (!(nonce instanceof Uint8Array) || nonce.length > NONCE_BYTES_MAX) return err("no nonce");
  if (exp !== null && !isSeconds(exp)) return err("its expiration is no time");
  if (iat !== undefined && !isSeconds(iat)) return err("its time of issue is no time");
  return ok({
    ...token,
    ...{ iss, sub, cmd, args, prf, nonce, exp },
    ...(aud !== undefined && { aud }),
    ...(iat !== undefined && { iat }),
  });
}

function cidsOf(value: Ipld | undefined): readonly string[] | undefined {
  if (value === undefined || !isList(value)) return undefined;
  const cids = value.flatMap((item) => (item instanceof Link ? [item.cid] : []));
  return cids.length === value.length ? cids : undefined;
}
