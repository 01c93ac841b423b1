/**
 * The innermost handler: what the server answers to each event when nobody else does.
 * @module
 */
import { type Passwords, WRONG } from "../auth/exchange.ts";
import type { Event, EventName, EventOf } from "../handler/event.ts";
import { type Handler, type MaybePromise, named, onEvery } from "../handler/handler.ts";
import { authenticated, goOn, relayingDenied, type Reply, say } from "../handler/reply.ts";
import { sessionFields } from "../handler/log_fields.ts";
import type { Session } from "../handler/session.ts";
import { deliver, type DeliverOptions } from "./deliver.ts";
import type { Log } from "../log/event.ts";
import { protocolAt } from "../net/address.ts";
import { upper } from "../smtp/ascii.ts";
import { HELLOS, isForeignHello, type MailProtocol } from "../smtp/command.ts";
import type { Extensions } from "./extension.ts";
import { help } from "./help.ts";
import { LIMIT_REPLIES } from "./limits.ts";

/** The answer to an event, or what makes it. */
type Answers = {
  readonly [K in EventName]: Reply | ((event: EventOf<K>, session: Session) => MaybePromise<Reply>);
};

/** What the server's own answers need. */
export interface CoreOptions extends DeliverOptions {
  /** Checks passwords; without it, all are wrong. */
  readonly passwords?: Passwords | undefined;
  readonly extensions: Extensions;
  readonly log: Log;
}

/** Makes the core. It answers every event and never asks further in. */
export function core(options: CoreOptions): Handler {
  const answers = answersWith(options);
  const answerTo: Handler = (event, _next, session) => {
    // The table's type says that each answer takes the event of its name; TypeScript cannot follow.
    const answer = answers[event.type] as Reply | ((e: Event, s: Session) => MaybePromise<Reply>);
    return typeof answer === "function" ? answer(event, session) : answer;
  };
  return named("core", onEvery(answerTo));
}

/** The answer to a line that is no command; who begins with the other protocol is told which one this is. */
function unrecognized(line: string, protocol: MailProtocol): Reply {
  const [verb = ""] = upper(line).split(" ", 1);
  const text = isForeignHello(verb, protocol)
    ? `this is ${protocol}: say ${HELLOS[protocol].at(-1)}`
    : "command not recognized";
  return say(5, 0, 0, text, "5.5.2");
}

async function authenticate(
  { user, password, verdict }: EventOf<"Authenticate">,
  session: Session,
  { passwords, log }: CoreOptions,
): Promise<Reply> {
  const found = verdict ??
    (password === undefined ? WRONG : await passwords?.verify(user, password, session) ?? WRONG);
  if ("user" in found) return authenticated(found.user);
  if ("refused" in found) return say(5, 3, 5, "the user or the password is wrong", "5.7.8");
  log("authentication failed", { ...sessionFields(session), error: found.unavailable });
  return say(4, 5, 4, "passwords cannot be checked at the moment", "4.7.0");
}

const SENDER_OK = say(2, 5, 0, "sender ok", "2.1.0");

function answersWith(options: CoreOptions): Answers {
  return {
    Greeting: (_event, { hostname, listener }) =>
      say(2, 2, 0, `${hostname} ${listener.kind === "lmtp" ? "LMTP" : "ESMTP"} Postmaster`),
    TalksEarly: say(2, 2, 0, "go on"),
    SayHelo: (_event, { hostname }) => say(2, 5, 0, hostname),
    SayEhlo: (_event, session) =>
      say(2, 5, 0, [session.hostname, ...options.extensions.linesFor(session, options.limits)]),
    SetMailFrom: ({ mailbox }) => ({ ...SENDER_OK, sender: mailbox }),
    AddRcptTo: relayingDenied,
    SetClient: say(2, 5, 0, "ok", "2.0.0"),
    ForwardClient: say(2, 5, 0, "ok", "2.0.0"),
    StartTls: say(2, 2, 0, "ready to start TLS", "2.0.0"),
    Authenticate: (event, session) => authenticate(event, session, options),
    StartData: say(3, 5, 4, "end the message with a dot on a line of its own"),
    TakeChunk: ({ octets }) => say(2, 5, 0, `${octets} octets received`, "2.0.0"),
    Deliver: (event, session) => deliver(event, session, options),
    BeforeDelivery: ({ route }) => goOn(route),
    AfterDelivery: say(2, 5, 0, "ok", "2.0.0"),
    ResetState: say(2, 5, 0, "ok", "2.0.0"),
    SayOK: say(2, 5, 0, "ok", "2.0.0"),
    SeeksHelp: ({ topic }, session) => help(topic, session, options.extensions, options.limits),
    Verify: say(2, 5, 2, "send mail and it will be tried", "2.5.2"),
    Expand: say(5, 0, 2, "EXPN is not offered here", "5.5.1"),
    StartQueue: ({ node }) => say(4, 5, 9, `${node} is not served by a queue here`, "4.7.1"),
    Shutdown: (_event, { hostname }) => say(2, 2, 1, `${hostname} closing connection`, "2.0.0"),
    Unrecognized: ({ line }, { listener }) => unrecognized(line, protocolAt(listener.kind)),
    SyntaxErrorIn: ({ fault }) => ({ ...fault, lines: [fault.reason] }),
    NotImplemented: say(5, 0, 2, "command not implemented", "5.5.1"),
    NeedHeloFirst: (_event, { listener }) =>
      say(5, 0, 3, `say ${HELLOS[protocolAt(listener.kind)].join(" or ")} first`, "5.5.1"),
    NeedMailFromFirst: say(5, 0, 3, "say MAIL first", "5.5.1"),
    NeedRcptToFirst: say(5, 0, 3, "no valid recipients", "5.5.1"),
    NestedMail: say(5, 0, 3, "there is a transaction already", "5.5.1"),
    WithinChunks: say(5, 0, 3, "the rest of the message must come first, or RSET", "5.5.1"),
    NeedAuthFirst: say(5, 3, 0, "authentication required", "5.7.0"),
    AlreadyAuthenticated: say(5, 0, 3, "you are authenticated already", "5.5.1"),
    OtherProtocol: say(4, 2, 1, "this is an SMTP server, and that was no SMTP", "4.5.0"),
    LimitExceeded: ({ limit }) => LIMIT_REPLIES[limit],
    ServiceClosing: say(4, 2, 1, "service closing", "4.3.2"),
  };
}
