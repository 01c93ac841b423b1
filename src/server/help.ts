/**
 * The reply to HELP: what the commands of a session are, and how each is written.
 * @module
 */
import { type Reply, say } from "../handler/reply.ts";
import type { Session } from "../handler/session.ts";
import { protocolAt } from "../net/address.ts";
import { upper } from "../smtp/ascii.ts";
import { isForeignHello } from "../smtp/command.ts";
import { RULES } from "./commands.ts";
import type { Extensions } from "./extension.ts";
import type { Limits } from "./limits.ts";

/** Characters of a line. */
const WIDTH = 72;

/** A command of RFC 5321 that only handlers implement: who does adds it to the list. */
const OF_HANDLERS = "EXPN";

const UNKNOWN = say(
  5,
  0,
  4,
  "there is no such command here: HELP alone lists those that are there",
);

/** The commands that are there in a session; of a topic, the command that is its first word. */
export function help(
  topic: string,
  session: Session,
  extensions: Extensions,
  limits: Limits,
): Reply {
  const commands = [...Object.entries(RULES), ...extensions.commandsFor(session, limits)];
  const protocol = protocolAt(session.listener.kind);
  const helps = new Map(
    commands.filter(([verb]) => !isForeignHello(verb, protocol))
      .map(([verb, { help }]) => [verb, help] as const),
  );
  const [word = ""] = topic.split(" ", 1);
  if (word === "") {
    const verbs = [...helps.keys()].filter((verb) => verb !== OF_HANDLERS);
    return say(2, 1, 4, [
      ...filled(verbs),
      "HELP and a command says more; the standard is RFC 5321",
    ]);
  }
  const verb = upper(word);
  const own = helps.get(verb);
  if (own === undefined) return UNKNOWN;
  const parameters = extensions.parametersFor(verb, session, limits);
  const also = parameters.length === 0 ? [] : filled(["parameters:", ...parameters]);
  return say(2, 1, 4, [own, ...also]);
}

/** Words in lines that are not too long. */
function filled(words: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
