/**
 * The table of the commands of RFC 5321: where each is legal, what is asked, and where it leads.
 * @module
 */
import type { Event } from "../handler/event.ts";
import type { SessionState } from "../handler/session.ts";
import { isForUsers } from "../net/address.ts";
import { upper } from "../smtp/ascii.ts";
import type { Command, NotACommand, Verb } from "../smtp/command.ts";
import type { Fault } from "../smtp/fault.ts";
import { isBinary } from "./chunking.ts";
import type { Engine } from "./engine.ts";
import { OpenTransaction } from "./open_transaction.ts";
import type { KnownCommand, LegalCommand, Rule, Wrong } from "./rule.ts";
import { beyondAscii } from "./smtputf8.ts";
import { settled, type State } from "./state.ts";

/** Where a line comes. */
export interface Here {
  readonly engine: Engine;
  readonly session: SessionState;
  readonly state: State;
  /** Messages that came before it in the session. */
  readonly messages: number;
}

const hello = ({ verb, name }: Command & { verb: "HELO" | "EHLO" | "LHLO" }): State => ({
  at: "greeted",
  helo: Object.freeze({ name, extended: verb !== "HELO" }),
});

/** The commands of RFC 5321 section 4.1.1. The message that follows DATA is the dialogue's. */
export const RULES: { readonly [V in Verb]: Rule<Command & { verb: V }> } = {
  HELO: {
    help: "HELO name: begins a session without extensions",
    event: ({ name }) => ({ type: "SayHelo", name }),
    after: hello,
  },
  EHLO: {
    help: "EHLO name: begins a session with extensions, and lists them",
    event: ({ name }) => ({ type: "SayEhlo", name }),
    after: hello,
  },
  LHLO: {
    help: "LHLO name: begins a session, and lists the extensions",
    event: ({ name }) => ({ type: "SayEhlo", name }),
    after: hello,
  },
  MAIL: {
    help: "MAIL FROM:<sender> [parameters]: begins a message; without a sender, a bounce",
    legalAt: ["greeted"],
    event: ({ mailbox, parameters }) => ({ type: "SetMailFrom", mailbox, parameters }),
    after: ({ mailbox, parameters }, state, { sender = mailbox }, newId) =>
      state.at === "greeted"
        ? { ...state, at: "mail", transaction: new OpenTransaction(newId(), sender, parameters) }
        : state,
  },
  RCPT: {
    help: "RCPT TO:<recipient> [parameters]: adds a recipient to the message",
    legalAt: ["mail", "rcpt"],
    event: ({ mailbox, parameters }) => ({ type: "AddRcptTo", mailbox, parameters }),
    after: ({ mailbox, parameters }, state, { routes = [] }) => {
      if (state.at !== "mail" && state.at !== "rcpt") return state;
      state.transaction.add(mailbox, parameters, routes);
      return { ...state, at: "rcpt" };
    },
  },
  DATA: {
    help: "DATA: the message follows, up to a line with a dot alone",
    legalAt: ["rcpt"],
    event: (_said, { transaction }) =>
      isBinary(transaction)
        ? { code: 503, enhanced: "5.5.1", reason: "a binary message must come by BDAT" }
        : { type: "StartData" },
  },
  RSET: {
    help: "RSET: forgets the message that was begun",
    event: () => ({ type: "ResetState" }),
    after: (_said, state) => settled(state),
  },
  NOOP: {
    help: "NOOP [anything]: does nothing",
    event: ({ argument }) => ({ type: "SayOK", argument }),
  },
  HELP: {
    help: "HELP [command]: lists the commands, or says how one is written",
    event: ({ argument: topic }) => ({ type: "SeeksHelp", topic }),
  },
  VRFY: {
    help: "VRFY mailbox [SMTPUTF8]: asks whether there is such a mailbox",
    event: ({ argument }) => ({ type: "Verify", argument }),
  },
  EXPN: {
    help: "EXPN list [SMTPUTF8]: asks for the members of a list, where that is allowed",
    event: ({ argument }) => ({ type: "Expand", argument }),
  },
  QUIT: { help: "QUIT: ends the session", event: () => ({ type: "Shutdown" }) },
};

/** What a line of so many octets, CRLF included, asks here, or what is wrong with it. */
export function legalCommand(
  line: Command | NotACommand,
  octets: number,
  here: Here,
): LegalCommand | Wrong {
  const ruled = ruledBy(line, here);
  if ("wrong" in ruled) return ruled;
  const { command, said, rule } = ruled;
  const payload = () => rule.payload?.(said) ?? 0;
  const { engine: { extensions, limits, newId }, session, state } = here;
  const { commandLength } = limits;
  if (octets > commandLength && octets > extensions.lineLength(command.verb, commandLength)) {
    return { wrong: { type: "LimitExceeded", limit: "command-length" }, payload: payload() };
  }
  const wrong = misplaced(command.verb, rule, state) ?? unauthenticated(command.verb, session) ??
    excess(command.verb, here) ??
    ("parameters" in line ? extensions.faultIn(line, session, limits) : undefined) ??
    beyondAscii(line, state);
  if (wrong !== undefined) return { wrong, refused: command, payload: payload() };
  return {
    command,
    payload,
    said: rule.event(said, session),
    after: (before, reply) => rule.after?.(said, before, reply, newId) ?? before,
  };
}

/** A command with its rule, and what the rule is given. */
interface Ruled {
  readonly command: KnownCommand;
  readonly said: unknown;
  readonly rule: Rule<unknown>;
}

function ruledBy(line: Command | NotACommand, { engine, session }: Here): Ruled | Wrong {
  if ("syntaxErrorIn" in line) {
    return { wrong: { type: "SyntaxErrorIn", command: line.syntaxErrorIn, fault: line.fault } };
  }
  // TypeScript cannot follow that the rule is the one for what it is given.
  if ("verb" in line) return { command: line, said: line, rule: RULES[line.verb] as Rule<unknown> };
  const { unrecognized } = line;
  const [word = ""] = unrecognized.split(" ", 1);
  const verb = upper(word);
  const rule = engine.extensions.ruleOf(verb, session, engine.limits);
  if (rule === undefined) return { wrong: { type: "Unrecognized", line: unrecognized } };
  if (rule === "not offered") return { wrong: { type: "NotImplemented", command: verb } };
  const said = unrecognized.slice(word.length).replace(/^ +/, "");
  return { command: { verb }, said, rule: rule as Rule<unknown> };
}

/** A command with a fault in it. */
export const faulty = ({ command, payload }: LegalCommand, fault: Fault): Wrong => ({
  wrong: { type: "SyntaxErrorIn", command: command.verb, fault },
  refused: command,
  payload: payload(),
});

/** The event for a command that is not legal in a state. */
function misplaced(command: string, { legalAt }: Rule<unknown>, { at }: State): Event | undefined {
  if (legalAt === undefined || legalAt.includes(at)) return undefined;
  if (at === "connected") return { type: "NeedHeloFirst", command };
  if (at === "greeted") return { type: "NeedMailFromFirst", command };
  if (at === "chunks") return { type: "WithinChunks", command };
  const isEarly = at === "mail" && legalAt.includes("rcpt");
  return { type: isEarly ? "NeedRcptToFirst" : "NestedMail", command };
}

/** The event for a command that only authenticated clients may give: what they come for is to have mail sent. */
function unauthenticated(command: string, { listener, user }: SessionState): Event | undefined {
  const isFree = !isForUsers(listener.kind) || user !== undefined || !FOR_USERS.has(command);
  return isFree ? undefined : { type: "NeedAuthFirst", command };
}

const FOR_USERS: ReadonlySet<string> = new Set(["MAIL", "VRFY", "EXPN", "ETRN"]);

/** The event for a message or a recipient too many. */
function excess(verb: string, { engine: { limits }, state, messages }: Here): Event | undefined {
  if (verb === "MAIL" && messages >= limits.messagesPerConnection) {
    return { type: "LimitExceeded", limit: "messages-per-connection" };
  }
  return verb === "RCPT" && "transaction" in state && state.transaction.size >= limits.recipients
    ? { type: "LimitExceeded", limit: "recipients" }
    : undefined;
}
