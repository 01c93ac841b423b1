/**
 * The part of the schema that is about servers that mail is sent on to.
 * @module
 */
import { statSync } from "node:fs";
import { z } from "zod";
import { cannotRead } from "../base/cannot_read.ts";
import { attempt, chosen, count, location, oneOrMore, options, text } from "../base/kinds.ts";
import { Watched } from "../base/watched.ts";
import { type Hop, parseHop } from "../client/hop.ts";
import type { Login } from "../client/login.ts";
import type { Server } from "../relay/server.ts";
import { TLS_MODES, type TlsMode } from "../security/security.ts";

const url = text("a server such as `smtp://relay.example.net:587`", parseHop);
const name = z.string().regex(/^[\x21-\x7e]+$/, { error: "the name of a user" });

/** What may be written of a server. */
export interface WrittenServer {
  readonly url: Hop;
  readonly user?: string | undefined;
  readonly passwordFile?: (() => string) | undefined;
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
  const { url, user, passwordFile, tls, priority = 0, weight } = written;
  const isUnix = url.host.startsWith("unix:");
  if ((user === undefined) !== (passwordFile === undefined)) {
    throw new TypeError("`user` and `password-file` go together: write both, or none of them");
  }
  const login: Login | undefined = user === undefined ? undefined : {
    user,
    credentials: () => Promise.resolve().then(() => ({ password: passwordFile!() })),
  };
  const usual = isUnix ? "none" : login === undefined ? undefined : "verify";
  return { hop: { ...url, isNamed: true, login, tls: tls ?? usual }, priority, weight };
}

/**
 * Opens a file with a password and nothing else, which is read again when it changes.
 *
 * @throws {TypeError} if it has none, or others can read it
 */
export function openPassword(file: string): () => string {
  try {
    const watched = new Watched(file, passwordIn);
    return () => watched.value;
  } catch (error) {
    throw error instanceof TypeError ? error : new TypeError(cannotRead(error));
  }
}

function passwordIn(content: string, file: string): string {
  if ((statSync(file).mode & 0o007) !== 0) {
    throw new TypeError(`every user of this machine can use ${file}: chmod o= ${file}`);
  }
  const password = content.replace(/\r?\n$/, "");
  if (password !== "" && !/[\0\r\n]/.test(password)) return password;
  throw new TypeError(`${file} must hold a password in one line, and nothing else`);
}

const server = options({
  url: url.describe("The server, as alone.").meta({ examples: ["smtp://relay.example.net:587"] }),
  user: name.optional().describe("The user's name there: the server authenticates.")
    .meta({ examples: ["joe@example.net"] }),
  passwordFile: location.transform(attempt(openPassword)).optional().describe(
    "A file with the user's password and nothing else, which no other user of the machine may read. " +
      "It may change.",
  ).meta({ examples: ["/etc/postmaster/relay.password"] }),
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
