/**
 * The part of the schema that is about servers that mail is sent on to.
 * @module
 */
import { z } from "zod";
import { attempt, chosen, count, oneOrMore, options, text } from "../base/kinds.ts";
import { type Hop, parseHop, socketPathOf } from "../client/hop.ts";
import type { Server } from "../relay/server.ts";
import { TLS_MODES, type TlsMode } from "../security/security.ts";
import { loginKeys, loginOf, type WrittenLogin } from "./login.ts";

const url = text("a server such as `smtp://relay.example.net:587`", parseHop);

/** What may be written of a server. */
export interface WrittenServer extends WrittenLogin {
  readonly url: Hop;
  readonly tls?: TlsMode | undefined;
  readonly priority?: number | undefined;
  readonly weight?: number | undefined;
}

/**
 * A server of what was written.
 *
 * @throws {TypeError} for what does not fit together
 */
export function serverOf(written: WrittenServer): Server {
  const { url, tls, priority = 0, weight } = written;
  const isUnix = socketPathOf(url) !== undefined;
  const login = loginOf(written);
  const usual = isUnix ? "none" : login === undefined ? undefined : "verify";
  return { hop: { ...url, isNamed: true, login, tls: tls ?? usual }, priority, weight };
}

const server = options({
  url: url.describe("The server, as alone.").meta({ examples: ["smtp://relay.example.net:587"] }),
  ...loginKeys,
  tls: z.enum(TLS_MODES).optional().describe(
    "As `relay.tls`, for this server. By default it is `verify` for a server with `user`, so that " +
      "nobody else gets the password, and `none` for a Unix socket.",
  ).meta({ examples: ["encrypt"] }),
  priority: count(0).default(0).describe("Servers with a lower number are tried first."),
  weight: count(1).optional().describe(
    "The server's part of the mail among those with its priority: of weights 3 and 1, the first is " +
      "tried first for three messages of four. If none of them has a weight, they are tried in the " +
      "order of the list; one without a weight beside others has 1.",
  ).meta({ examples: [3] }),
}).transform(attempt(serverOf));

/** One server or a list of them. */
export const serversSchema: z.ZodType<readonly Server[], unknown> = oneOrMore(
  chosen(
    (value): z.ZodType<Server> =>
      typeof value === "string" ? url.transform((url) => serverOf({ url })) : server,
    () => z.union([url, server]),
  ),
);
