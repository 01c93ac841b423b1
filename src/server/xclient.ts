/**
 * The extensions XCLIENT and XFORWARD: another server says whom it speaks for
 * (https://www.postfix.org/XCLIENT_README.html, https://www.postfix.org/XFORWARD_README.html).
 *
 * A connection has one XCLIENT. Many proxies pass on what their clients say afterwards, and a client could name itself
 * anything with a second one.
 * @module
 */
import type { Helo } from "../handler/session.ts";
import { isAmong, type Peers } from "../net/peers.ts";
import { upper } from "../smtp/ascii.ts";
import { type Attribute, type ClientDetails, parseClientDetails } from "../smtp/client_details.ts";
import { isFault } from "../smtp/fault.ts";
import type { ClientTraits, Extension } from "./extension.ts";

/** The servers that may name their clients. */
export interface XclientPeers {
  readonly peers: Peers;
  /** Whether they also say which user a client is. */
  readonly login: boolean;
}

/** The states between transactions. */
const BETWEEN = ["connected", "greeted"] as const;
/** Octets by which the lines may be longer than others: a name, HELO and LOGIN may have 255 each. */
const EXTRA = 1024;

/** The extensions for these servers. */
export const xclientFor = (servers: XclientPeers): readonly Extension[] => [
  xclient(servers),
  xforward(servers),
];

/** What another server says of its client becomes the client of the session. */
function xclient({ peers, login }: XclientPeers): Extension {
  const offered: readonly Attribute[] = [
    ...["NAME", "ADDR", "PORT", "PROTO", "HELO"] as const,
    ...login ? ["LOGIN"] as const : [],
    ...["DESTADDR", "DESTPORT", "REVERSE_NAME"] as const,
  ];
  return {
    about: {
      name: "XCLIENT",
      rfc: [],
      where: "to the servers of `xclient` at a listener, once",
      seen: "`SetClient`, then `session.peer`, `session.user` and `Greeting` as for a new client",
      test: "server/xclient_test.ts",
    },
    line: (session) => mayName(session, peers) ? `XCLIENT ${offered.join(" ")}` : undefined,
    commands: {
      XCLIENT: {
        help: "XCLIENT attribute=value...: names the client that you speak for",
        octets: EXTRA,
        legalAt: BETWEEN,
        event: (argument) => {
          const details = parseClientDetails(argument, [...offered, "LOGIN"]);
          if (isFault(details)) return details;
          const { login: _user, ...client } = details;
          return { type: "SetClient", client: login ? details : client };
        },
      },
    },
  };
}

/** What another server says of its client is logged with the next message. */
const xforward = ({ peers }: XclientPeers): Extension => ({
  about: {
    name: "XFORWARD",
    rfc: [],
    where: "to the servers of `xclient` at a listener",
    seen: "`ForwardClient`, then `session.forwarded`",
    test: "server/xclient_test.ts",
  },
  line: (session) => mayName(session, peers) ? `XFORWARD ${FORWARDED.join(" ")}` : undefined,
  commands: {
    XFORWARD: {
      help: "XFORWARD attribute=value...: says from whom you have the next message",
      octets: EXTRA,
      legalAt: BETWEEN,
      event: (argument) => {
        const client = parseClientDetails(argument, FORWARDED);
        return isFault(client) ? client : { type: "ForwardClient", client };
      },
    },
  },
});

const FORWARDED = ["NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"] as const;

const mayName = ({ named, peer }: ClientTraits, peers: Peers): boolean =>
  !named && isAmong(peer.address, peers);

/** The greeting of a client that another server has heard. */
export const heloOf = ({ helo, protocol = "ESMTP" }: ClientDetails): Helo | undefined =>
  helo === undefined
    ? undefined
    : Object.freeze({ name: helo, extended: upper(protocol) !== "SMTP" });
