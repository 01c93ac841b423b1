/**
 * `postmaster route`: where mail for an address would go, or who refuses it.
 * @module
 */
import { Buffer } from "node:buffer";
import { answererOf, printSteps } from "../handler/print_steps.ts";
import { MemoryStore } from "../handler/memory_store.ts";
import { BROKEN, isTransient, type Route } from "../handler/reply.ts";
import { printable } from "../log/escape.ts";
import { protocolAt } from "../net/address.ts";
import { HELLOS } from "../smtp/command.ts";
import { type Mailbox, printPath } from "../smtp/mailbox.ts";
import { isAscii } from "../smtp/unicode.ts";
import type { Exchange } from "../testing/simulation.ts";
import type { ClientFlags } from "./client_flags.ts";
import { printPlan, type Simulated, simulated, type Visit } from "./simulated.ts";

/** What the command line may say. */
export interface RouteFlags extends ClientFlags {
  /** The path of the sender. */
  readonly from: string;
  readonly helo: string;
}

/** Prints where mail for these addresses would go, and says whether all of it would get there. */
export async function route(addresses: readonly Mailbox[], flags: RouteFlags): Promise<boolean> {
  const server = await simulated(flags, (line) => console.error(printable(line)));
  let good = true;
  for (const address of addresses) {
    const attempts = await attemptsFor(address, server, flags);
    for (const attempt of attempts) {
      if (!attempt.accepted) console.log(printRefusal(address, attempt, attempts.length > 1));
      for (const each of routesIn(attempt)) {
        console.log(printPlan(address, each, server.targets));
      }
      if (flags.explain) explain(attempt);
    }
    const last = attempts.at(-1)!;
    good &&= last.accepted &&
      routesIn(last).every((each) => typeof server.targets.plan(each) === "string");
  }
  return good;
}

const DAY = 24 * 60 * 60 * 1000;

/** What a client is answered. If a handler defers it, it tries again a day later, when it may be accepted. */
async function attemptsFor(
  address: Mailbox,
  server: Simulated,
  flags: RouteFlags,
): Promise<readonly Attempt[]> {
  let time = flags.time ?? new Date();
  const globals = new MemoryStore({ now: () => time.getTime() });
  const first = await ask(address, server, flags, { time, globals });
  const reply = rootsOf(first).at(-1)?.reply;
  if (reply === undefined || reply === BROKEN || !isTransient(reply)) return [first];
  time = new Date(time.getTime() + DAY);
  const second = await ask(address, server, flags, { time, globals });
  return second.accepted ? [first, second] : [first];
}

/** The end of a simulated session. */
interface Attempt extends Exchange {
  /** The last command that was answered: RCPT, or the one that was refused before. */
  readonly command: string;
  readonly accepted: boolean;
}

/** Opens a session and goes on to RCPT, if nothing is refused before. */
async function ask(
  address: Mailbox,
  { begin, kind }: Simulated,
  { helo, from }: RouteFlags,
  visit: Visit,
): Promise<Attempt> {
  const { simulation, greeting } = await begin(visit);
  try {
    let attempt = attemptOf("the connection", greeting);
    const lines = [
      `${HELLOS[protocolAt(kind)].at(-1)} ${helo}`,
      `MAIL FROM:${from}${isAscii(from) && address.isAscii ? "" : " SMTPUTF8"}`,
      `RCPT TO:${printPath(address)}`,
    ];
    for (const line of lines) {
      if (!attempt.accepted) break;
      attempt = attemptOf(line.slice(0, 4), await simulation.send(octets(`${line}\r\n`)));
    }
    return attempt;
  } finally {
    simulation.end();
  }
}

const attemptOf = (command: string, exchange: Exchange): Attempt => ({
  ...exchange,
  command,
  accepted: /^[23]/.test(exchange.lines.at(-1) ?? ""),
});

/** The octets of a text, one character for each. */
const octets = (text: string): string => Buffer.from(text).toString("latin1");

const rootsOf = ({ asked }: Exchange) => asked.flatMap(({ steps }) => steps);

const routesIn = (attempt: Attempt): readonly Route[] =>
  attempt.accepted ? rootsOf(attempt).flatMap(({ reply }) => reply?.routes ?? []) : [];

/** `nobody@example.net: 550 5.1.1 unknown recipient (local-users)`. */
function printRefusal(address: Mailbox, attempt: Attempt, atFirst: boolean): string {
  const { lines, command } = attempt;
  const [first = "no reply", ...others] = lines;
  const text = [first.replace(/^(\d+)-/, "$1 "), ...others.map((line) => line.slice(4))].join(
    " / ",
  );
  const details = [
    answerer(address, attempt),
    ...(command === "RCPT" ? [] : [`to ${command}`]),
    ...(atFirst ? ["at the first try"] : []),
  ];
  return `${address}: ${text} (${details.join(", ")})`;
}

/** The handler that refused; `the server` where no handler was asked. */
function answerer(address: Mailbox, attempt: Attempt): string {
  const [root] = rootsOf(attempt);
  if (root === undefined) return "the server";
  const { handler, event } = answererOf(root);
  const other = event.type === "AddRcptTo" && !event.mailbox.equals(address);
  return other ? `${handler}, for ${event.mailbox}` : handler;
}

function explain({ asked }: Exchange): void {
  for (const line of asked.flatMap(({ steps }) => printSteps(steps))) {
    console.log(printable(`  ${line}`));
  }
}
