/**
 * Asks a handler without a server around it.
 *
 * @module
 */
import { FakeDns } from "postmaster/testing";
import { Command } from "../../src/handler/command.ts";
import type { Event } from "../../src/handler/event.ts";
import { chain, type Handler } from "../../src/handler/handler.ts";
import { type Reply, say } from "../../src/handler/reply.ts";
import { type Session, SessionState } from "../../src/handler/session.ts";
import { SessionView } from "../../src/handler/session_view.ts";
import { MemoryStore } from "../../src/handler/memory_store.ts";
import type { LogEvent, LogFields } from "../../src/log/event.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { keeping } from "../../src/testing/outbox.ts";
import { Memory } from "../../src/message/memory.ts";
import { spool, SpoolFile } from "../../src/message/spool.ts";
import { NO_PARAMETERS } from "../../src/smtp/parameters.ts";

/** A session with a handler, and what was logged in it. */
export interface Asking {
  readonly session: Session;
  readonly logged: string[];
  ask(event: Event): Promise<Reply>;
  /** RCPT TO, `address` as between the angle brackets. */
  rcpt(address: string | Mailbox): Promise<Reply>;
}

/** Innermost: nobody is known, EHLO is answered, all else is fine. */
const core: Handler = (event) => {
  if (event.type === "AddRcptTo") return say(5, 5, 0, "nobody knows this recipient", "5.1.1");
  return event.type === "SayEhlo" ? say(2, 5, 0, ["hello", "PIPELINING"]) : say(2, 5, 0, "ok");
};

/** Opens a session. */
export function asking(handler: Handler): Asking {
  const logged: string[] = [];
  const log = Object.assign(<E extends LogEvent>(event: E, fields: LogFields[E]) => {
    const { session: _, peer: _peer, text = "", ...rest } = fields as Readonly<
      Record<string, unknown>
    >;
    const more = JSON.stringify(rest);
    logged.push(`${event}: ${text}${more === "{}" ? "" : more}`);
  }, { wants: () => true });
  const whole = chain(handler, core);
  const state = new SessionState({
    id: "test",
    peer: { address: "192.0.2.1", port: 12345 },
    listener: { address: "127.0.0.1:25", kind: "smtp" },
    context: {
      hostname: "mx.example.net",
      log,
      globals: new MemoryStore(),
      dns: new FakeDns(),
      keep: (body) => spool(body, () => SpoolFile.unnamed("/tmp"), new Memory(0)),
      chain: whole,
      judge: (target) => keeping([]).faultIn(target),
    },
  });
  const session = new SessionView(
    state,
    new Command({ type: "SayOK", argument: "" }, state.supervisor),
  );
  const ask = async (event: Event) => {
    const command = new Command(event, state.supervisor);
    const view = new SessionView(state, command);
    const reply = await whole(event, () => say(4, 5, 1, "no core"), view);
    command.answered(reply);
    return reply;
  };
  const rcpt = (address: string | Mailbox) => {
    const mailbox = typeof address === "string" ? Mailbox.parse(address) : address;
    return ask({ type: "AddRcptTo", mailbox, parameters: NO_PARAMETERS });
  };
  return { session, logged, ask, rcpt };
}

/** `550 5.7.1`. */
export const status = (reply: Reply): string => `${reply.code} ${reply.enhanced}`;

/** `joe@example.net -> pipe`, one a route. */
export const routes = (reply: Reply): string[] =>
  (reply.routes ?? []).map(({ recipient, target }) => `${recipient} -> ${target.target}`);
