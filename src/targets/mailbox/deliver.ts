/**
 * The program that stores a message in a mailbox as the mailbox's user: `postmaster deliver KIND MAILBOX -- USER
 * EXTENSION LOCAL DOMAIN SENDER`, for the server only. The message comes on the standard input, in frames. The standard
 * output has the enhanced status code of a fault and its reason, the standard error its cause.
 * @module
 */
import { findAccount } from "../../base/passwd.ts";
import { type Maildir, storeInMaildir } from "./maildir.ts";
import { faultOf, MailboxFault } from "./fault.ts";
import { unframed } from "./frames.ts";
import { type Mbox, storeInMbox } from "./mbox.ts";
import type { Store } from "./store.ts";

/** The name of the command. */
export const DELIVER = "deliver";

/** What it exits with, as in sysexits(3): EX_UNAVAILABLE and EX_TEMPFAIL. */
const FAILED = 69, DEFERRED = 75;

/** The mailboxes that there are. */
const STORES: Readonly<Record<string, Store<Maildir & Mbox>>> = {
  maildir: storeInMaildir,
  mbox: storeInMbox,
};

/** Stores the message, and returns the exit code. */
export async function deliverHere(args: readonly string[]): Promise<number> {
  const [kind = "", mailbox = "", , user, extension, local, domain, sender] = args;
  try {
    const store = STORES[kind];
    if (store === undefined || sender === undefined) throw new Error("only a server delivers");
    if (Deno.uid() === 0) throw AS_ROOT;
    const home = findAccount(Deno.uid()!)?.home;
    const mail = {
      user: user!,
      extension: extension!,
      local: local!,
      domain: domain!,
      sender,
      home,
    };
    await store(JSON.parse(mailbox), mail, unframed(Deno.stdin.readable));
    return 0;
  } catch (error) {
    const { status, reason, message } = faultOf(error);
    console.log(`${status} ${reason}`);
    if (message !== reason) console.error(message);
    return status.startsWith("4") ? DEFERRED : FAILED;
  }
}

/** Root's rights over a directory of a user's would be the user's: by links, for instance. */
export const AS_ROOT: MailboxFault = new MailboxFault(
  "4.3.5",
  "configuration error",
  "root delivers to no mailbox: name its `user`",
);
