/**
 * The table of the commands of RFC 5321: where each is legal, what is asked, and where it leads.
 *
 * @module
 */
import type { Event } from "../handler/event.ts";
import type { SessionState } from "../handler/session.ts";
import { upper } from "../smtp/ascii.ts";
import type { Command, NotACommand, Verb } from "../smtp/command.ts";
import type { Fault } from "../smtp/fault.ts";
import type { Engine } from "./engine.ts";
import { OpenTransaction } from "./open_transaction.ts";
import type { Named, Request, Rule, Wrong } from "./request.ts";
import { settled, type State } from "./state.ts";

/** Where a line comes. */
export interface Here {
  readonly engine: Engine;
  readonly session: SessionState;
  readonly state: State;
  /** Messages that came before it in the session. */
  readonly messages: number;
}

const hello = ({ verb, name }: Command & { verb: "HELO" | "EHLO" }): State => ({
  at: "greeted",
  helo: Object.freeze({ name, extended: verb === "EHLO" }),
});

/** The commands of RFC 5321 section 4.1.1. The message that follows DATA is the dialogue's. */
const RULES: { readonly [V in Verb]: Rule<Command & { verb: V }> } = {
  HELO: { event: ({ name }) => ({ type: "SayHelo", name }), after: hello },
  EHLO: { event: ({ name }) => ({ type: "SayEhlo", name }), after: hello },
  MAIL: {
    legalAt: ["greeted"],
    event: ({ mailbox, parameters }) => ({ type: "SetMailFrom", mailbox, parameters }),
    after: ({ mailbox, parameters }, state, { sender = mailbox }, newId) =>
      state.at === "greeted"
        ? { ...state, at: "mail", transaction: new OpenTransaction(newId(), sender, parameters) }
        : state,
  },
  RCPT: {
    legalAt: ["mail", "rcpt"],
    event: ({ mailbox, parameters }) => ({ type: "AddRcptTo", mailbox, parameters }),
    after: ({ mailbox, parameters }, state, { routes = [] }) => {
      if (state.at !== "mail" && state.at !== "rcpt") return state;
      state.transaction.add(mailbox, parameters, routes);
      return { ...state, at: "rcpt" };
    },
  },
  DATA: { legalAt: ["rcpt"], event: () => ({ type: "StartData" }) },
  RSET: { event: () => ({ type: "ResetState" }), after: (_said, state) => settled(state) },
  NOOP: { event: ({ argument }) => ({ type: "SayOK", argument }) },
  HELP: { event: ({ argument: topic }) => ({ type: "SeeksHelp", topic }) },
  VRFY: { event: ({ argument }) => ({ type: "Verify", argument }) },
  EXPN: { event: ({ argument }) => ({ type: "Expand", argument }) },
  QUIT: { event: () => ({ type: "Shutdown" }) },
};

/** What a line of so many octets, CRLF included, asks here, or what is wrong with it. */
export function requestOf(
  line: Command | NotACommand,
  octets: number,
  here: Here,
): Request | Wrong {
  if ("syntaxErrorIn" in line) {
    return { wrong: { type: "SyntaxErrorIn", command: line.syntaxErrorIn, fault: line.fault } };
  }
  const { engine: { extensions, limits }, session } = here;
  if ("verb" in line) {
    // TypeScript cannot follow that the rule is the one of the command's verb.
    const rule = RULES[line.verb] as Rule<Command>;
    return asked(
      line,
      line,
      rule,
      octets,
      here,
      () => excess(line, here) ?? extensions.faultIn(line, session, limits),
    );
  }
  const { unrecognized } = line;
  const [word = ""] = unrecognized.split(" ", 1);
  const verb = upper(word);
  const rule = extensions.ruleOf(verb, session, limits);
  if (rule === undefined) return { wrong: { type: "Unrecognized", line: unrecognized } };
  if (rule === "not offered") return { wrong: { type: "NotImplemented", command: verb } };
  return asked({ verb }, unrecognized.slice(word.length).replace(/^ +/, ""), rule, octets, here);
}

function asked<Said>(
  command: Named,
  said: Said,
  rule: Rule<Said>,
  octets: number,
  here: Here,
  faultIn?: () => Event | undefined,
): Request | Wrong {
  const { engine: { extensions, limits, newId }, state } = here;
  if (
    octets > limits.commandLength && octets > extensions.lineLength(command.verb, limits)
  ) {
    return { wrong: { type: "LimitExceeded", limit: "command-length" } };
  }
  const wrong = misplaced(command.verb, rule, state) ?? faultIn?.();
  if (wrong !== undefined) return { wrong, refused: command };
  const event = rule.event(said);
  return "reason" in event ? faulty(command, event) : {
    command,
    event,
    after: (state, reply) => rule.after?.(said, state, reply, newId) ?? state,
  };
}

/** A command with a fault in it. */
export const faulty = (command: Named, fault: Fault): Wrong => ({
  wrong: { type: "SyntaxErrorIn", command: command.verb, fault },
  refused: command,
});

/** The event for a command that is not legal in a state. */
function misplaced(command: string, { legalAt }: Rule<never>, { at }: State): Event | undefined {
  if (legalAt === undefined || legalAt.includes(at)) return undefined;
  if (at === "connected") return { type: "NeedHeloFirst", command };
  if (at === "greeted") return { type: "NeedMailFromFirst", command };
  const isEarly = at === "mail" && legalAt.includes("rcpt");
  return { type: isEarly ? "NeedRcptToFirst" : "NestedMail", command };
}

/** The event for a message or a recipient too many. */
function excess({ verb }: Command, { engine, state, messages }: Here): Event | undefined {
  const { limits } = engine;
  if (verb === "MAIL" && messages >= limits.messagesPerConnection) {
    return { type: "LimitExceeded", limit: "messages-per-connection" };
  }
  return verb === "RCPT" && "transaction" in state && state.transaction.size >= limits.recipients
    ? { type: "LimitExceeded", limit: "recipients" }
    : undefined;
}
