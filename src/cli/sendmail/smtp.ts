/**
 * `sendmail -bs`: SMTP on the standard input and output, for programs that speak it with a program of their own. The
 * engine is that of the server; each message is left for the server, whose handlers judge it later.
 * @module
 */
import { hostname } from "node:os";
import { Draft, NotDropped } from "../../drop/draft.ts";
import { printEnvelope } from "../../drop/envelope.ts";
import type { EventOf } from "../../handler/event.ts";
import { chain, type Handler, on } from "../../handler/handler.ts";
import { type Reply, say } from "../../handler/reply.ts";
import { variable } from "../../handler/variable.ts";
import type { Session } from "../../handler/session.ts";
import type { Transport } from "../../server/transport.ts";
import type { Mailbox } from "../../smtp/mailbox.ts";
import type { Parameters } from "../../smtp/parameters.ts";
import { decodeXtext } from "../../smtp/xtext.ts";
import { discard, discardType } from "../../targets/discard.ts";
import { Targets } from "../../targets/target.ts";
import { dialogueOf } from "../../testing/dialogue_of.ts";
import { MessageText } from "./message_text.ts";

/** The domain of addresses without one, until the server adds its own. */
const NO_DOMAIN = "no-domain.invalid";

/** What the first recipient wants its sender to be told of: a message has it for all. */
const notify = variable("transaction", "notify", (): string | null => null);

/** Speaks with the standard input and output until either ends. */
export async function speakSmtp(directory: string): Promise<void> {
  const over = Promise.withResolvers<void>();
  let held: PromiseWithResolvers<void> | undefined;
  const transport: Transport = {
    send: (replies) => (writeOut(replies), true),
    hold: (isOn) => {
      if (isOn) held ??= Promise.withResolvers();
      else (held?.resolve(), held = undefined);
    },
    secure: () => Promise.resolve(undefined),
    close: () => over.resolve(),
    drop: () => over.resolve(),
  };
  const dialogue = dialogueOf(leavingIn(directory), {
    ...{ hostname: hostname(), domain: NO_DOMAIN, peer: { address: "unix", port: 0 } },
    targets: new Targets({ discard: discardType }),
    clock: performanceClock,
  }, transport);
  dialogue.start();
  const read = async () => {
    const text = new MessageText(false); // people type LF
    for await (const piece of Deno.stdin.readable) {
      dialogue.receive(text.take(piece));
      await held?.promise;
    }
    dialogue.end();
  };
  await Promise.race([over.promise, read().then(() => over.promise)]);
}

const performanceClock = {
  get now() {
    return performance.now();
  },
};

function writeOut(text: string): void {
  const octets = new TextEncoder().encode(text);
  for (let at = 0; at < octets.length;) at += Deno.stdout.writeSync(octets.subarray(at));
}

/** Accepts every recipient, and leaves messages. */
function leavingIn(directory: string): Handler {
  return chain(
    on("AddRcptTo", ({ mailbox, parameters }, _next, session) => {
      session.update(notify, (first) => first ?? parameters.get("NOTIFY") ?? null);
      const routes = [{ recipient: mailbox, target: discard() }];
      return { ...say(2, 5, 0, "ok", "2.1.5"), routes };
    }),
    on("Deliver", (event, _next, session) => leave(event, session, directory)),
  );
}

async function leave(
  { body }: EventOf<"Deliver">,
  session: Session,
  directory: string,
): Promise<Reply> {
  const { mailFrom, recipients, parameters } = session.transaction!;
  try {
    using draft = new Draft(directory);
    draft.write(printEnvelope({
      sender: mailFrom === null ? "" : written(mailFrom),
      recipients: recipients.map(written),
      notify: session.get(notify) ?? undefined,
      ret: parameters.get("RET") ?? undefined,
      envid: envidIn(parameters),
    }));
    for await (const octets of body) draft.write(octets);
    draft.commit();
    return say(2, 5, 0, "left for the server", "2.0.0");
  } catch (error) {
    if (!(error instanceof NotDropped)) throw error;
    return say(4, 5, 1, error.message, "4.3.0");
  }
}

const envidIn = (parameters: Parameters): string | undefined =>
  decodeXtext(parameters.get("ENVID") ?? "") || undefined;

/** An address as the client has written it. */
const written = (mailbox: Mailbox): string => `${mailbox}`.replace(`@${NO_DOMAIN}`, "");
