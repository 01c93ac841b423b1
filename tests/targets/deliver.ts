/**
 * Runs one delivery as the server does, and keeps what it logged.
 *
 * @module
 */
import type { Target } from "../../src/handler/reply.ts";
import type { Log, LogFields } from "../../src/log/event.ts";
import { encode } from "../../src/smtp/ascii.ts";
import { pipe } from "../../src/targets/pipe.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import type { Envelope, Message, Outcome, TargetType } from "../../src/targets/target.ts";
import { runApart } from "../running.ts";

export const ENVELOPE: Envelope = {
  id: "4f2a",
  session: "s1",
  sender: Mailbox.parse("jane@example.org"),
  peer: "192.0.2.1",
  helo: "client.example.org",
  hostname: "mx.example.net",
};

/** What a delivery is of. */
export interface Mail {
  readonly recipients?: readonly (string | Mailbox)[];
  readonly envelope?: Partial<Envelope>;
  readonly message?: Message;
  readonly signal?: AbortSignal;
}

/** What came of it: an outcome for each recipient, in their order, and what the mailers did. */
export interface Result {
  readonly outcomes: readonly Outcome[];
  readonly mailers: readonly LogFields["mailer"][];
}

/** A message of these chunks. */
export function messageOf(...chunks: readonly (string | Uint8Array)[]): Message {
  const bytes = chunks.map((chunk) => typeof chunk === "string" ? encode(chunk) : chunk);
  return {
    size: bytes.reduce((size, chunk) => size + chunk.length, 0),
    async *read() {
      yield* bytes;
    },
  };
}

export const HELLO: Message = messageOf("Subject: hello\r\n\r\nHello!\r\n");

/** Messages of 30 MB show whether what must be read is read. */
export const MEGABYTES_30: Message = messageOf(
  "X: ",
  ...Array<Uint8Array>(480).fill(new Uint8Array(64 * 1024).fill(0x78)),
);

/** A shell script as the mailer; `{…}` are placeholders of its arguments only. */
export const sh = (script: string, ...args: readonly string[]): Target =>
  pipe(["/bin/sh", "-c", script.replace(/[{}]/g, "$&$&"), "sh", ...args]);

/** Gives a directory for as long as `use` takes. */
export async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

export async function deliver(
  type: TargetType,
  target: Target,
  mail: Mail = {},
): Promise<Result> {
  const { recipients = ["joe@example.net"], message = HELLO } = mail;
  const mailers: LogFields["mailer"][] = [];
  const log: Log = Object.assign(
    (event: string, fields: unknown) => {
      if (event === "mailer") mailers.push(fields as LogFields["mailer"]);
    },
    { wants: () => true },
  );
  const signal = mail.signal ?? new AbortController().signal;
  const delivery = await type.open(target.args, {
    envelope: { ...ENVELOPE, ...mail.envelope },
    log,
    signal,
  });
  const settled: (Outcome | undefined)[] = [];
  for (const recipient of recipients) {
    const mailbox = typeof recipient === "string" ? Mailbox.parse(recipient) : recipient;
    settled.push(await delivery.recipient({ recipient: mailbox, target }));
  }
  await delivery.body(message);
  const rest = [...await delivery.commit()];
  return { outcomes: settled.map((outcome) => outcome ?? rest.shift()!), mailers };
}

/** As {@linkcode deliver} by each of these commands, in a process that shell commands have prepared. */
export async function deliverApart(
  before: string,
  ...commands: readonly (readonly string[])[]
): Promise<Result[]> {
  const printed = await runApart(
    before,
    `import { deliver } from "./tests/targets/deliver.ts";
     import { pipe, pipeType } from "./src/targets/pipe.ts";
     const results = [];
     for (const command of ${JSON.stringify(commands)}) {
       results.push(await deliver(pipeType(), pipe(command)));
     }
     console.log(JSON.stringify(results));`,
  );
  return JSON.parse(printed);
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !await condition();) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Whether a process is gone, or dead and only waiting for its parent to notice. */
export async function isDead(pid: number): Promise<boolean> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  return stat === "" || stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
}
