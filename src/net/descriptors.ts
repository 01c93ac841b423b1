/**
 * File descriptors: how many this process may have, and for what.
 * @module
 */
import { askShell } from "../base/shell.ts";
import { failureOf } from "../base/tried.ts";

/** How many descriptors there are for each purpose. Further uses wait or are refused. */
export interface Descriptors {
  /** Connections that are served. Each may need descriptors for a file with its message, and for other programs. */
  readonly connections: number;
  /** Connections that are refused, until their clients have read why. */
  readonly refused: number;
  /** Questions to DNS servers. */
  readonly questions: number;
}

/** Enough for each purpose, where the system does not say how many there may be. */
const ENOUGH = { refused: 128, questions: 1000, others: 256 } as const;

const PIPES_OF_MAILER = 3;
const SOCKET_AND_FILE = 2;

/**
 * Shares out the descriptors that this process may have.
 *
 * @param mailers how many may run at once
 * @param filters the connections to other programs that each connection needs
 * @param limit how many descriptors there may be
 */
export function shareDescriptors(
  mailers: number,
  filters: number,
  limit = maxDescriptors(),
): Descriptors {
  const refused = Math.ceil(Math.min(ENOUGH.refused, limit / 16));
  const questions = Math.ceil(Math.min(ENOUGH.questions, limit / 8));
  // The log, variables, listeners, the runtime's own, and connections that it has accepted and not handed over.
  const others = Math.min(ENOUGH.others, limit / 2);
  const left = limit - refused - questions - others -
    Math.min(PIPES_OF_MAILER * mailers, limit / 8);
  const each = SOCKET_AND_FILE + filters;
  return { connections: Math.max(1, Math.floor(left / each)), refused, questions };
}

/** The most files and sockets that may be open at once (RLIMIT_NOFILE); `Infinity` if that is unknown. */
function maxDescriptors(): number {
  const limit = Number(askShell("ulimit -n"));
  return limit > 0 ? limit : Infinity;
}

/** Whether one more file could be opened now. */
export const descriptorsLeft = (): boolean =>
  failureOf(() => Deno.openSync("/dev/null").close()) === undefined;
