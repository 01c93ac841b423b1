/**
 * What becomes of a file of the drop directory once its message was put to the handlers: it goes only when nothing of it
 * can be lost any more.
 * @module
 */
import type { Outcome } from "../handler/outcome.ts";
import { bounce, type BounceOptions } from "./bounce.ts";
import { Draft } from "./draft.ts";
import type { DroppedFile } from "./dropped_file.ts";
import { printEnvelope } from "./envelope.ts";
import { localUser } from "./local_account.ts";
import { type Handed, take, type TakenRecipient } from "./taking.ts";

/** What settling needs. */
export interface SettlingOptions extends BounceOptions {
  readonly directory: string;
  /** Milliseconds for which a message that is deferred stays. */
  readonly lifetime: number;
}

/** The file can go; or it stays, because some of its recipients are still to get their mail, for this reason. */
export type Settled = "done" | { readonly waits: string };

/**
 * Takes a message and settles what became of it.
 *
 * @param refusal why the message is not even put to the handlers
 */
export async function settle(
  file: DroppedFile,
  refusal: Outcome | undefined,
  options: SettlingOptions,
): Promise<Settled> {
  const { envelope, since } = file;
  const user = await localUser(file.uid);
  const handed: Handed = { user, envelope, message: file, since };
  const taken = await take(handed, refusal, options);
  const isLate = Date.now() - since > options.lifetime;
  const { failed = [], deferred = [] } = Object.groupBy(
    taken.recipients,
    ({ outcome: { result } }) => result === "deferred" && isLate ? "failed" : result,
  );
  const isTold = failed.length === 0 || await bounce(handed, taken, failed, options);
  const left = isTold ? deferred : [...deferred, ...failed];
  if (left.length === 0) return "done";
  if (left.length === taken.recipients.length) return { waits: reasonOf(left) };
  await leave(left, file, options);
  return "done";
}

const reasonOf = ([first]: readonly TakenRecipient[]): string => first!.outcome.reason;

/** Leaves the message in a file of the server's own, for recipients that are still to get it. */
async function leave(
  left: readonly TakenRecipient[],
  file: DroppedFile,
  { directory }: SettlingOptions,
): Promise<void> {
  using draft = new Draft(directory);
  const recipients = left.map(({ written }) => written);
  const owner = { uid: file.uid, since: file.since };
  draft.write(printEnvelope({ ...file.envelope, recipients, owner }));
  for await (const octets of file.read()) draft.write(octets);
  draft.commit();
}
