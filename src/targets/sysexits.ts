/**
 * What became of the mail, from how the mailer ended: the exit codes of sysexits(3).
 * @module
 */
import type { Outcome } from "./target.ts";

/** How a mailer ended. */
export type Ending =
  | { readonly how: "exit"; readonly code: number }
  | { readonly how: "signal"; readonly signal: string }
  | { readonly how: Trouble; readonly error?: unknown };

/** What can keep a mailer from ending by itself. */
type Trouble = "timeout" | "interrupted" | "message unreadable" | "not started" | "unknown account";

type Failure = readonly [status: `${4 | 5}.${number}.${number}`, reason: string];

/**
 * Mail is deferred only where the next attempt may succeed: EX_TEMPFAIL, errors of the operating system, and the exit
 * codes of a shell for a program that is missing (127) or forbidden (126).
 */
const EXITS: Readonly<Record<number, Failure>> = {
  64: ["5.3.0", "command line usage error"], // EX_USAGE
  65: ["5.6.0", "data format error"], // EX_DATAERR
  66: ["5.3.0", "cannot open input"], // EX_NOINPUT
  67: ["5.1.1", "unknown user"], // EX_NOUSER
  68: ["5.1.2", "unknown host"], // EX_NOHOST
  69: ["5.3.0", "service unavailable"], // EX_UNAVAILABLE
  70: ["5.3.0", "internal software error"], // EX_SOFTWARE
  71: ["4.3.0", "system error"], // EX_OSERR
  72: ["5.3.0", "system file missing"], // EX_OSFILE
  73: ["4.2.0", "cannot create output file"], // EX_CANTCREAT
  74: ["4.3.0", "input/output error"], // EX_IOERR
  75: ["4.3.0", "temporary failure"], // EX_TEMPFAIL
  76: ["5.5.0", "remote error in protocol"], // EX_PROTOCOL
  77: ["5.7.0", "permission denied"], // EX_NOPERM
  78: ["5.3.5", "configuration error"], // EX_CONFIG
  126: ["4.3.0", "program cannot be executed"],
  127: ["4.3.0", "program not found"],
};

const TROUBLES: Readonly<Record<Trouble, Failure>> = {
  "timeout": ["4.3.0", "took too long"],
  "interrupted": ["4.3.0", "delivery was interrupted"],
  "message unreadable": ["4.3.0", "the message could not be read"],
  "not started": ["4.3.0", "could not be started"],
  "unknown account": ["4.3.5", "configuration error"],
};

/** The outcome for the recipients of a mailer. `cause` is what the mailer said. */
export function outcomeOf(ending: Ending, cause?: string): Outcome {
  if (ending.how === "exit" && ending.code === 0) {
    return { result: "delivered", reason: "mailer: delivered" };
  }
  const [status, reason] = failureFor(ending);
  return {
    result: status.startsWith("4") ? "deferred" : "failed",
    status,
    reason: `mailer: ${reason}`,
    ...(cause === undefined ? {} : { cause }),
    ...(ending.how === "timeout" ? { scope: "destination" } : {}),
  };
}

function failureFor(ending: Ending): Failure {
  if (ending.how === "signal") return ["4.3.0", "ended by a signal"];
  if (ending.how !== "exit") return TROUBLES[ending.how];
  return EXITS[ending.code] ?? ["5.3.0", `exit status ${ending.code}`];
}

/** An ending for the log: `exit 75`, `SIGTERM`, `timeout`. */
export function printEnding(ending: Ending): string {
  if (ending.how === "signal") return ending.signal;
  return ending.how === "exit" ? `exit ${ending.code}` : ending.how;
}
