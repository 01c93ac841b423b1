/**
 * Targets that keep what they are given, for tests.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { Target } from "../handler/reply.ts";
import { discardArguments } from "../targets/discard.ts";
import { mailerArguments } from "../targets/mailer_target.ts";
import { pipeArguments } from "../targets/pipe.ts";
import { relayArguments } from "../targets/relay.ts";
import { type Envelope, type Message, Targets, type TargetType } from "../targets/target.ts";
import { definedTarget } from "../targets/defined.ts";

/** A message that was accepted for a target. */
export interface Kept {
  /** `null` is the null path `<>`. */
  readonly sender: Mailbox | null;
  /** The recipients that shared the target. */
  readonly recipients: readonly Mailbox[];
  /** The name of the target and its arguments. */
  readonly target: string;
  /** The arguments of the target. */
  readonly args: Readonly<Record<string, unknown>>;
  /** The message as the target reads it, one character a byte. */
  readonly message: string;
  /** Why it is on hold in the queue; without it, it is not. */
  readonly hold?: string;
}

/** The messages on hold, and why, by their envelopes. */
export const holds: WeakMap<Envelope, string> = new WeakMap();

/**
 * Targets that put their messages into `kept`.
 *
 * @param real the targets of a server: a recipient that they refuse from the start is refused here too. Without them,
 * every name is the name of a target.
 */
export function keeping(kept: Kept[], real?: Targets): Targets {
  return new class extends Targets {
    override get(name: string): TargetType {
      return keeper(name, kept, real);
    }
    override faultIn(target: Target): string | undefined {
      return real === undefined
        ? (ARGUMENTS.get(target.target) ?? definedTarget(target.target))?.faultIn(target.args)
        : real.faultIn(target);
    }
  }({});
}

/** The arguments of the targets that every server has. */
const ARGUMENTS: ReadonlyMap<string, Pick<TargetType, "faultIn">> = new Map(
  Object.entries({
    discard: discardArguments,
    mailer: mailerArguments,
    pipe: pipeArguments,
    relay: relayArguments,
  }),
);

const keeper = (target: string, kept: Kept[], real: Targets | undefined): TargetType => ({
  readsBody: true,
  faultIn: () => undefined,
  open: (args, { envelope }) => {
    const { sender } = envelope;
    const hold = holds.get(envelope);
    const recipients: Mailbox[] = [];
    let message = "";
    return {
      recipient: (addressee) => {
        const plan = real?.plan({ ...addressee, target: { target, args } });
        return typeof plan === "object" ? plan : void recipients.push(addressee.recipient);
      },
      body: async (body) => void (message = await read(body)),
      commit: () => {
        const held = hold === undefined ? {} : { hold };
        kept.push({ sender, recipients, target, args, message, ...held });
        return Promise.resolve(recipients.map(() => ({ result: "delivered", reason: "kept" })));
      },
      abort: () => Promise.resolve(),
    };
  },
});

async function read(message: Message): Promise<string> {
  let text = "";
  for await (const chunk of message.read()) text += Buffer.from(chunk).toString("latin1");
  return text;
}
