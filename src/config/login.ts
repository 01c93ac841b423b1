/**
 * The part of the schema that is about who this server is at others.
 * @module
 */
import { statSync } from "node:fs";
import { z } from "zod";
import { cannotRead } from "../base/cannot_read.ts";
import { attempt, location, options } from "../base/kinds.ts";
import { Watched } from "../base/watched.ts";
import type { Login } from "../client/login.ts";
import { OauthLogin } from "../client/oauth/oauth_login.ts";
import { ca, openCertificates, safeUrl } from "./web.ts";

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

const secret = (what: string) =>
  location.transform(attempt(openPassword)).optional().describe(
    `A file with ${what} and nothing else, which no other user of the machine may read. It may change.`,
  );
const word = (expected: string) => z.string().regex(/^[\x21-\x7e]+$/, { error: expected });

const oauth = options({
  tokenUrl: safeUrl.describe("The URL that issues tokens.")
    .meta({ examples: ["https://oauth2.googleapis.com/token"] }),
  clientId: word("the name of a client").describe("The name under which this server is registered.")
    .meta({ examples: ["1234.apps.googleusercontent.com"] }),
  clientSecretFile: secret("the secret of the client, if it has one,")
    .meta({ examples: ["/etc/postmaster/client.secret"] }),
  refreshTokenFile: secret("the refresh token of the user")
    .meta({ examples: ["/etc/postmaster/refresh.token"] }),
  grant: z.literal("client-credentials", { error: "`client-credentials`" }).optional().describe(
    "Instead of `refresh-token-file`: the client asks for itself, and no user has to agree.",
  ).meta({ examples: ["client-credentials"] }),
  scope: z.string().min(1).optional().describe(
    "What tokens are wanted for, where that must be said.",
  )
    .meta({ examples: ["https://outlook.office365.com/.default"] }),
  ca: ca.transform(attempt((file) => file === undefined ? undefined : openCertificates(file))),
}).superRefine(attempt(({ grant, refreshTokenFile, clientSecretFile }) => {
  if ((grant === undefined) === (refreshTokenFile === undefined)) {
    throw new TypeError(
      "one of `refresh-token-file` and `grant: client-credentials` is needed, and only one",
    );
  }
  if (grant !== undefined && clientSecretFile === undefined) {
    throw new TypeError("`grant: client-credentials` needs `client-secret-file`");
  }
}));

/** The keys of a server that say who this one is there. */
export const loginKeys = {
  user: word("the name of a user").optional()
    .describe("The user's name there: the server authenticates.")
    .meta({ examples: ["joe@example.net"] }),
  passwordFile: secret("the user's password").meta({
    examples: ["/etc/postmaster/relay.password"],
  }),
  oauth: oauth.optional().describe(
    "Instead of `password-file`: the user logs in with tokens of OAuth 2.0, which are fetched and " +
      "renewed. What must be kept of them is in the state directory.",
  ).meta({
    examples: [{
      "token-url": "https://oauth2.googleapis.com/token",
      "client-id": "1234.apps.googleusercontent.com",
      "client-secret-file": "/etc/postmaster/client.secret",
      "refresh-token-file": "/etc/postmaster/refresh.token",
    }],
  }),
};

/** What {@linkcode loginKeys} read. */
export interface WrittenLogin {
  readonly user?: string | undefined;
  readonly passwordFile?: (() => string) | undefined;
  readonly oauth?: z.output<typeof oauth> | undefined;
}

/**
 * Who this server is there; `undefined` if it does not authenticate.
 *
 * @throws {TypeError} for what does not fit together
 */
export function loginOf({ user, passwordFile, oauth }: WrittenLogin): Login | undefined {
  if (user === undefined) {
    if (passwordFile === undefined && oauth === undefined) return undefined;
    throw new TypeError("`user` is missing: say whose password or tokens these are");
  }
  if ((passwordFile === undefined) === (oauth === undefined)) {
    throw new TypeError("`user` needs one of `password-file` and `oauth`, and only one");
  }
  if (oauth !== undefined) {
    const { tokenUrl, clientId, clientSecretFile, refreshTokenFile, scope, ca } = oauth;
    const secrets = { clientSecret: clientSecretFile, refreshToken: refreshTokenFile };
    return new OauthLogin({ user, tokenUrl, clientId, scope, ca, ...secrets });
  }
  return { user, credentials: () => Promise.resolve().then(() => ({ password: passwordFile!() })) };
}
