/**
 * The program that scripts know as `sendmail`, `mailq` and `newaliases`. It loads only what a call needs: cron and others
 * start it for each message.
 * @module
 */
import { DROP_DIRECTORY, NotDropped } from "../../drop/draft.ts";
import { type Mode, parseCall, type SendmailCall, UsageError } from "./options.ts";
import { DataError, send } from "./send.ts";

/** The names by which it is called, and what each of them means. */
export const NAMES: ReadonlyMap<string, Mode> = new Map([
  ["sendmail", "send"],
  ["mailq", "list"],
  ["newaliases", "aliases"],
]);

/** Exit codes (sysexits(3)). */
const EX = { ok: 0, usage: 64, dataError: 65, unavailable: 69, tempFail: 75 } as const;

/**
 * Does what a call wants, and returns the exit code.
 *
 * @param name by which it is called
 */
export async function sendmail(name: string, args: readonly string[]): Promise<number> {
  try {
    const call = parseCall(args);
    const mode = NAMES.get(name) ?? "send";
    return await act(mode === "send" ? call : { ...call, mode });
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : error}`);
    if (error instanceof UsageError) return EX.usage;
    if (error instanceof DataError) return EX.dataError;
    return error instanceof NotDropped ? EX.tempFail : EX.unavailable;
  }
}

async function act(call: SendmailCall): Promise<number> {
  switch (call.mode) {
    case "send":
      send(call);
      return EX.ok;
    case "aliases":
      console.log("newaliases: nothing to do: the server reads files of aliases when they change");
      return EX.ok;
    case "smtp":
      await (await import("./smtp.ts")).speakSmtp(call.drop ?? DROP_DIRECTORY);
      return EX.ok;
    case "list":
      await (await import("./mailq.ts")).listQueue(call);
      return EX.ok;
    case "flush":
      await (await import("./mailq.ts")).flushQueue(call);
      return EX.ok;
  }
}
