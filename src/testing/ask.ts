/**
 * Asks a handler one question.
 *
 * @module
 */
import type { Resolver } from "../dns/resolver.ts";
import { Command } from "../handler/command.ts";
import type { Event } from "../handler/event.ts";
import type { GlobalStore } from "../handler/global_store.ts";
import { chain, type Handler } from "../handler/handler.ts";
import { MemoryStore } from "../handler/memory_store.ts";
import { BROKEN, type Reply } from "../handler/reply.ts";
import { type Helo, type Peer, SessionState } from "../handler/session.ts";
import { SessionView } from "../handler/session_view.ts";
import type { Tls } from "../handler/tls.ts";
import { silent } from "../log/event.ts";
import { beforeReply } from "../server/before_reply.ts";
import { core } from "../server/core.ts";
import { EXTENSIONS } from "../server/extensions.ts";
import { DEFAULT_LIMITS } from "../server/limits.ts";
import { Memory } from "../server/memory.ts";
import { spool } from "../server/spool.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { NO_PARAMETERS } from "../smtp/parameters.ts";
import { FakeDns } from "./fake_dns.ts";
import { keeping } from "./outbox.ts";

/** The session in which a question is asked. */
export interface Situation {
  /** The client; without it, one at 192.0.2.1. */
  readonly peer?: Peer;
  /** The server's own name; without it, `mx.example.net`. */
  readonly hostname?: string;
  /** What the client has called itself; without it, `client.example.org`, with EHLO. */
  readonly helo?: Helo;
  /** The sender of an open transaction: an address, `null` for the null path. */
  readonly mailFrom?: string | null;
  /** Recipients that were accepted before. */
  readonly recipients?: readonly string[];
  /** Global variables, for questions that share them; without it, none is set. */
  readonly globals?: GlobalStore;
  /** Without it, one that knows nothing. */
  readonly dns?: Resolver;
  /** The time of the question; without it, now. */
  readonly time?: Date;
  /** How the connection is encrypted, such as {@linkcode ENCRYPTED}; without it, it is not. */
  readonly tls?: Tls;
  /** Who the client has proved to be; without it, a stranger. */
  readonly user?: string;
}

/**
 * What `handler`, around the server's own answers, says to `event`: a reply with the routes it chose.
 *
 * ```ts
 * import { Mailbox, on, procmail } from "postmaster";
 * import { ask, rcpt } from "postmaster/testing";
 * import assert from "node:assert/strict";
 *
 * const policy = on("AddRcptTo", ({ mailbox }, next) =>
 *   mailbox.equals(Mailbox.parse("joe@example.net")) ? procmail("joe") : next());
 * const reply = await ask(policy, rcpt("joe@example.net"));
 * assert.equal(reply.code, 250);
 * ```
 */
export async function ask(
  handler: Handler,
  event: Event,
  situation: Situation = {},
): Promise<Reply> {
  const { hostname = "mx.example.net", time, tls, user } = situation;
  const now = time && (() => Number(time));
  const { globals = new MemoryStore({ now }), dns = new FakeDns() } = situation;
  const targets = keeping([]);
  const limits = DEFAULT_LIMITS;
  const memory = new Memory(limits.messageMemory);
  const acceptance = beforeReply({ targets, limits, memory, log: silent, spoolDirectory: "/tmp" });
  const whole = chain(handler, core({ acceptance, limits, extensions: EXTENSIONS }));
  const session = new SessionState({
    id: "TEST",
    peer: situation.peer ?? { address: "192.0.2.1", port: 45678 },
    listener: "192.0.2.25:25",
    context: {
      hostname,
      log: silent,
      globals,
      dns,
      keep: (body) => spool(body, "/tmp", memory),
      chain: whole,
      judge: (target) => targets.faultIn(target),
      now,
    },
    tls,
    user,
  });
  const { mailFrom, recipients = [] } = situation;
  session.show(
    situation.helo ?? { name: "client.example.org", extended: true },
    mailFrom === undefined ? undefined : {
      id: "TEST1",
      mailFrom: mailFrom === null ? null : Mailbox.parse(mailFrom),
      parameters: NO_PARAMETERS,
      recipients: recipients.map(Mailbox.parse),
      routes: [],
    },
  );
  const command = new Command(event);
  const reply = await whole(event, () => BROKEN, new SessionView(session, command));
  command.answered(reply);
  return reply;
}

/** The event of `RCPT TO:<address>`. */
export const rcpt = (address: string): Event => ({
  type: "AddRcptTo",
  mailbox: Mailbox.parse(address),
  parameters: NO_PARAMETERS,
});

/** The event of `MAIL FROM:<address>`; `null` is the null path. */
export const mail = (address: string | null): Event => ({
  type: "SetMailFrom",
  mailbox: address === null ? null : Mailbox.parse(address),
  parameters: NO_PARAMETERS,
});
