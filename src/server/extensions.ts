/**
 * The service extensions (RFC 5321 section 2.2): each says in one place what the reply to EHLO tells of it, which
 * commands and parameters of MAIL and RCPT it brings, and what the documentation says of it. Small ones are here, large
 * ones in files of their own.
 * @module
 */
import type { Authentication } from "../auth/authentication.ts";
import { chain, type Handler, isMadeFor } from "../handler/handler.ts";
import { wrong } from "../smtp/grammar.ts";
import { GRAMMARS } from "../smtp/parameter_values.ts";
import { authBy } from "./auth.ts";
import { CHUNKING } from "./chunking.ts";
import { ETRN } from "./etrn.ts";
import type { Extension } from "./extension.ts";
import { type HoldOptions, queueExtensions, REQUIRETLS } from "./queue_extensions.ts";
import { SMTPUTF8 } from "./smtputf8.ts";
import { xclientFor, type XclientPeers } from "./xclient.ts";

/** RFC 2920: commands may be sent without waiting for the replies. The dialogue takes them so from everybody. */
const PIPELINING: Extension = {
  about: {
    name: "PIPELINING",
    rfc: [2920],
    where: "to all sessions",
    seen: "nothing: the commands come one after the other",
    test: "dialogues/pipelined.txt",
  },
  line: () => "PIPELINING",
};

/** RFC 1870: the server says how large messages may be, and the client how large its message is. */
const SIZE: Extension = {
  about: {
    name: "SIZE",
    rfc: [1870],
    where: "to all sessions, with the limit `message-size`",
    seen: '`readParameter(event.parameters, "SIZE")` at MAIL; `LimitExceeded`',
    test: "server/extensions_test.ts",
  },
  line: (_session, { messageSize }) => `SIZE ${messageSize}`,
  parameters: {
    MAIL: {
      SIZE: {
        ...GRAMMARS.SIZE,
        judge: (size: number, { messageSize }) => size > messageSize ? "message-size" : undefined,
      },
    },
  },
};

/** RFC 6152: messages may have octets above 127, which the server passes on as they are. */
const EIGHT_BIT_MIME: Extension = {
  about: {
    name: "8BITMIME",
    rfc: [6152],
    where: "to all sessions",
    seen: '`readParameter(event.parameters, "BODY")` at MAIL',
    test: "server/extensions_test.ts",
  },
  line: () => "8BITMIME",
  parameters: {
    MAIL: {
      BODY: {
        ...GRAMMARS.BODY,
        judge: (body: string) => body === "BINARYMIME" ? NO_BINARY : undefined,
      },
    },
  },
};

const NO_BINARY = wrong(504, "BODY=BINARYMIME is not offered");

/** RFC 2034: replies carry the codes of RFC 3463. */
const ENHANCED_STATUS_CODES: Extension = {
  about: {
    name: "ENHANCEDSTATUSCODES",
    rfc: [2034, 3463],
    where: "to all sessions",
    seen: "`enhanced` of each reply",
    test: "smtp/status_test.ts",
  },
  line: () => "ENHANCEDSTATUSCODES",
};

/** The largest limit that LIMITS can tell of: a client takes no limit for none that matters. */
const MOST = 999_999;

/** RFC 9422: clients learn of limits before they reach them. */
const LIMITS: Extension = {
  about: {
    name: "LIMITS",
    rfc: [9422],
    where: "to all sessions, with the limits `messages-per-connection` and `recipients`",
    seen: "`LimitExceeded` of clients that do not keep to the limits",
    test: "server/extensions_test.ts",
  },
  line: (_session, { messagesPerConnection, recipients }) => {
    const limits = Object.entries({ MAILMAX: messagesPerConnection, RCPTMAX: recipients })
      .filter(([, limit]) => limit <= MOST).map(([name, limit]) => `${name}=${limit}`);
    return limits.length === 0 ? undefined : ["LIMITS", ...limits].join(" ");
  },
};

/** RFC 5321 section 4.1.1.8, which is optional. */
const HELP: Extension = {
  about: {
    name: "HELP",
    rfc: [5321],
    where: "to all sessions",
    seen: "`SeeksHelp`",
    test: "server/help_test.ts",
  },
  line: () => "HELP",
};

/** RFC 3207: the connection is encrypted from here on. It is offered once there is a certificate. */
const startTls = (certificates: { readonly ready: boolean }): Extension => ({
  about: {
    name: "STARTTLS",
    rfc: [3207],
    where: "to sessions in clear text, once there is a certificate",
    seen: "`StartTls`, then `session.tls`",
    test: "server/starttls_test.ts",
  },
  line: ({ tls }) => tls === undefined && certificates.ready ? "STARTTLS" : undefined,
  commands: {
    STARTTLS: {
      help: "STARTTLS: encrypts the connection from here on",
      legalAt: ["greeted"],
      event: (argument) =>
        argument === "" ? { type: "StartTls" } : wrong(501, "STARTTLS takes no parameters"),
      after: () => ({ at: "securing" }),
    },
  },
});

/** What decides which extensions a server has. */
export interface ExtensionSettings {
  /** Whether connections can be encrypted now; without it, STARTTLS is not offered. */
  readonly certificates?: { readonly ready: boolean } | undefined;
  /** How clients authenticate; without it, AUTH is not offered. */
  readonly authentication?: Authentication | undefined;
  /** The servers that may name their clients; without them, XCLIENT and XFORWARD are not offered. */
  readonly xclient?: XclientPeers | undefined;
  /** How long the queue may hold messages back; without it, there is no queue, and nothing that it promises. */
  readonly hold?: HoldOptions | undefined;
  /** Mail goes on only by clients that keep to REQUIRETLS; without it, REQUIRETLS is not offered. */
  readonly requireTls?: boolean | undefined;
  /** The operator's handlers: some commands are only there if one of them answers. */
  readonly policy?: Handler | undefined;
}

/** The extensions of a server, in the order of the reply to EHLO. */
export const extensionsOn = (
  { certificates, authentication, hold, requireTls = false, policy = chain(), xclient }:
    ExtensionSettings,
): readonly Extension[] => [
  PIPELINING,
  SIZE,
  EIGHT_BIT_MIME,
  ENHANCED_STATUS_CODES,
  SMTPUTF8,
  CHUNKING,
  LIMITS,
  HELP,
  ...hold === undefined ? [] : queueExtensions(hold),
  ...requireTls ? [REQUIRETLS] : [],
  ...certificates === undefined ? [] : [startTls(certificates)],
  ...authentication === undefined ? [] : [authBy(authentication)],
  ...isMadeFor(policy, "StartQueue") ? [ETRN] : [],
  ...xclient === undefined ? [] : xclientFor(xclient),
];
