/**
 * The innermost handler: what the server answers to each event when nobody else does.
 *
 * @module
 */
import type { EventName, EventOf } from "../handler/event.ts";
import { type Handler, type MaybePromise, named } from "../handler/handler.ts";
import { relayingDenied, type Reply, say } from "../handler/reply.ts";
import type { Session } from "../handler/session.ts";
import { deliver, type DeliverOptions } from "./deliver.ts";
import { linesFor } from "./extensions.ts";
import { LIMIT_REPLIES } from "./limits.ts";

type Answers = {
  readonly [K in EventName]: (event: EventOf<K>, session: Session) => MaybePromise<Reply>;
};

/** Makes the core. It answers every event and never asks further in. */
export function core(options: DeliverOptions): Handler {
  const answers = answersWith(options);
  return named("core", (event, _next, session) => {
    // The table's type says that each answer takes the event of its name; TypeScript cannot follow.
    const answer = answers[event.type] as (event: never, session: Session) => MaybePromise<Reply>;
    return answer(event as never, session);
  });
}

const OK = say(2, 5, 0, "ok", "2.0.0");
const SENDER_OK = say(2, 5, 0, "sender ok", "2.1.0");
const GO_AHEAD = say(3, 5, 4, "end the message with a dot on a line of its own");
const NOTHING_TO_EXPAND = say(5, 0, 2, "EXPN is not offered here", "5.5.1");
const WILL_TRY = say(2, 5, 2, "send mail and it will be tried", "2.5.2");
const UNRECOGNIZED = say(5, 0, 0, "command not recognized", "5.5.2");
const NOT_IMPLEMENTED = say(5, 0, 2, "command not implemented", "5.5.1");
const HELO_FIRST = say(5, 0, 3, "say HELO or EHLO first", "5.5.1");
const MAIL_FIRST = say(5, 0, 3, "say MAIL first", "5.5.1");
const RCPT_FIRST = say(5, 0, 3, "no valid recipients", "5.5.1");
const NESTED = say(5, 0, 3, "there is a transaction already", "5.5.1");
const NOT_SMTP = say(4, 2, 1, "this is an SMTP server, and that was no SMTP", "4.5.0");
const CLOSING = say(4, 2, 1, "service closing", "4.3.2");
const HELP = say(2, 1, 4, [
  "HELO EHLO MAIL RCPT DATA RSET NOOP QUIT HELP VRFY EXPN",
  "the standard is RFC 5321",
], "2.0.0");

function answersWith(options: DeliverOptions): Answers {
  return {
    Greeting: (_event, { hostname }) => say(2, 2, 0, `${hostname} ESMTP Postmaster`),
    SayHelo: (_event, { hostname }) => say(2, 5, 0, hostname),
    SayEhlo: (_event, session) =>
      say(2, 5, 0, [session.hostname, ...linesFor(session, options.limits)]),
    SetMailFrom: ({ mailbox }) => ({ ...SENDER_OK, sender: mailbox }),
    AddRcptTo: () => relayingDenied,
    StartData: () => GO_AHEAD,
    Deliver: (event, session) => deliver(event, session, options),
    ResetState: () => OK,
    SayOK: () => OK,
    SeeksHelp: () => HELP,
    Verify: () => WILL_TRY,
    Expand: () => NOTHING_TO_EXPAND,
    Shutdown: (_event, { hostname }) => say(2, 2, 1, `${hostname} closing connection`, "2.0.0"),
    Unrecognized: () => UNRECOGNIZED,
    SyntaxErrorIn: ({ fault }) => ({ ...fault, lines: [fault.reason] }),
    NotImplemented: () => NOT_IMPLEMENTED,
    NeedHeloFirst: () => HELO_FIRST,
    NeedMailFromFirst: () => MAIL_FIRST,
    NeedRcptToFirst: () => RCPT_FIRST,
    NestedMail: () => NESTED,
    OtherProtocol: () => NOT_SMTP,
    LimitExceeded: ({ limit }) => LIMIT_REPLIES[limit],
    ServiceClosing: () => CLOSING,
  };
}
