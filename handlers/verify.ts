/**
 * Answers to VRFY and EXPN.
 * @module
 */
import {
  type EventOf,
  type Handler,
  type HandlerFactory,
  isIn,
  type MaybePromise,
  type Reply,
  type Session,
  variable,
} from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { domain } from "./domain.ts";
import { withLines } from "./more_lines.ts";
import { network } from "./network.ts";
import { type Ask, type Asked, expanded, foundAmong, meant, verified } from "./verification.ts";

/** The options of {@linkcode verify}. */
export interface VerifyOptions {
  /** Networks whose clients may ask. */
  readonly networks?: string | readonly string[];
  /** Authenticated clients may ask. */
  readonly users?: boolean;
  /** They may also ask for the members of aliases and lists, by EXPN. */
  readonly lists?: boolean;
  /** The domains of a local part alone; by default the server's own name. */
  readonly domains?: string | readonly string[];
  /** The most members of a list that are shown. */
  readonly most?: number;
}

const options = kinds.options({
  networks: kinds.oneOrMore(network).default([]).describe("Networks whose clients may ask."),
  users: z.boolean().default(false).describe("Authenticated clients may ask."),
  lists: z.boolean().default(false)
    .describe("They may also ask for the members of aliases and lists, by EXPN."),
  domains: kinds.oneOrMore(domain).optional()
    .describe("The domains of a local part alone; by default the server's own name."),
  most: kinds.count(1).default(100).describe("The most members of a list that are shown."),
}).refine(({ networks, users }) => networks.length > 0 || users, {
  error: "for whom? give `networks` or `users`",
});

/** A mailbox that is being asked for; if it is a list, its members are asked for too. */
interface Expansion {
  /** The depth at which its members are asked for; the members of lists in it come deeper. */
  readonly depth: number;
  readonly members: Asked[];
}

/**
 * Answers VRFY and EXPN (RFC 5321 section 3.5) for clients in `networks`, and with `users` for authenticated ones. For
 * all others nothing changes: VRFY tells nothing (252), and EXPN is not offered (502).
 *
 * VRFY asks the whole chain what it would say to RCPT: 250 for a mailbox, 252 for one that only a catch-all or a relay
 * takes, 550 for an unknown one, 553 if several mailboxes are meant. EXPN shows to which addresses an alias or a list
 * leads, one level of them, without those that get no mail.
 *
 * @example
 * ```ts
 * import { verify } from "postmaster/handlers";
 *
 * export default verify({ networks: ["192.0.2.0/24"], lists: true, domains: ["example.net"] });
 * ```
 */
export const verify: HandlerFactory<VerifyOptions> = defineHandler({
  name: "verify",
  summary: "Tells clients that may know which mailboxes and lists there are.",
  options,
  create: ({ networks, users, lists, domains, most }): Handler => {
    const expansion = variable("command", "expansion", (): Expansion | undefined => undefined);
    const mayAsk = ({ peer, user }: Session) =>
      isIn(peer.address, networks) || (users && user !== undefined);
    const find = (argument: string, session: Session) => {
      const ask: Ask = async (mailbox, exact) => {
        const members: Asked[] = [];
        session.set(expansion, { depth: session.depth + 2, members });
        const parameters = new Map();
        const reply = await session.trigger({ type: "AddRcptTo", mailbox, parameters, exact });
        session.unset(expansion);
        return { mailbox, reply, members };
      };
      return foundAmong(meant(argument, domains ?? [session.hostname]), ask, session);
    };
    const answer = async (event: EventOf<"Verify" | "Expand">, session: Session) => {
      const found = await find(event.argument, session);
      return event.type === "Verify" ? verified(found, session) : expanded(found, most, session);
    };

    return (event, next, session): MaybePromise<Reply> => {
      if (event.type === "AddRcptTo") {
        const list = session.get(expansion);
        if (list?.depth !== session.depth) return next();
        return noted(event.mailbox, next(), list.members);
      }
      if (!mayAsk(session)) return next();
      if (event.type === "Verify" || (event.type === "Expand" && lists)) {
        return answer(event, session);
      }
      if (event.type === "SayEhlo") { // RFC 5321 section 3.5.2 demands that EHLO tells of EXPN
        return withLines(next(), lists ? ["VRFY", "EXPN"] : ["VRFY"]);
      }
      if (event.type === "SeeksHelp" && event.topic === "" && lists) {
        return withLines(next(), ["EXPN"]);
      }
      return next();
    };
  },
  example: "verify: { networks: 192.0.2.0/24, lists: true, domains: example.net }",
  part: "checks",
});

/** Notes a member of a list with the reply to it. */
async function noted(
  mailbox: Asked["mailbox"],
  answer: MaybePromise<Reply>,
  members: Asked[],
): Promise<Reply> {
  const reply = await answer;
  members.push({ mailbox, reply });
  return reply;
}
