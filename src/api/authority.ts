import { pemOf } from "../base/pem.ts";
import type { ReadSide } from "../node/read-side.ts";
import { problem } from "./problems.ts";
import type { Route } from "./router.ts";

/** What phones and browsers take for an authority to be installed. */
const TYPE = "application/x-x509-ca-cert";

/** The certificate of the mesh's authority for HTTPS, for people to install. */
export function authorityRoute(readSide: ReadSide): Route {
  return {
    method: "GET",
    path: "/v1/authority.crt",
    access: "open",
    summary: "The mesh's certificate authority for HTTPS, to be installed",
    answers: {
      200: { says: "A certificate in PEM.", type: TYPE },
      404: { says: "The mesh has none: no admin has HTTPS on.", schema: "Problem" },
    },
    handle: () => {
      const certificate = readSide.https?.certificate();
      if (certificate === undefined) {
        return problem(404, "there is no authority yet: set api.https on an admin's node");
      }
      return {
        status: 200,
        headers: { "Content-Type": TYPE, "Cache-Control": "no-store" },
        body: pemOf(certificate),
      };
    },
  };
}
