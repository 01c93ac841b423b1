/**
 * Sessions of a client with a server that asks a milter.
 *
 * @module
 */
import { chain, discard, type Handler, on, say } from "postmaster";
import { milter, type MilterOptions } from "postmaster/handlers";
import { Client, type ClientOptions } from "postmaster/testing";

/** A chain that asks a milter, and knows everybody but `nobody`. */
export const asks = (options: MilterOptions): Handler =>
  chain(
    milter(options),
    on("AddRcptTo", ({ mailbox }) =>
      mailbox.local === "nobody" ? say(5, 5, 0, "no such user", "5.1.1") : discard()),
  );

/** The commands before the message. */
export const ENVELOPE = [
  "EHLO client.example.org",
  "MAIL FROM:<ann@example.org>",
  "RCPT TO:<joe@example.net>",
  "DATA",
] as const;
/** A message. */
export const HELLO = "From: ann@example.org\r\nSubject: hello\r\n\r\nhello\r\n";

/** What became of a message. */
export interface Result {
  /** The replies, `250` or `550 5.7.1`, from the greeting on. */
  readonly replies: readonly string[];
  /** The text of the last one. */
  readonly text: string;
  /** What was kept of it, without our `Received`. */
  readonly message: string | undefined;
  readonly sender: string | undefined;
  readonly recipients: readonly string[];
  readonly hold: string | undefined;
}

/** Sends one message, and gives up at the first refusal, but for that of a recipient. */
export async function sent(
  policy: Handler,
  message: string = HELLO,
  commands: readonly string[] = ENVELOPE,
  options: ClientOptions = {},
): Promise<Result> {
  using client = Client.of(policy, options);
  return await sentBy(client, message, commands, await client.reply());
}

/** As {@linkcode sent}, by a client that is connected. */
export async function sentBy(
  client: Client,
  message: string = HELLO,
  commands: readonly string[] = ENVELOPE,
  first?: Awaited<ReturnType<Client["reply"]>>,
): Promise<Result> {
  const replies = first === undefined ? [] : [first];
  const before = client.kept.length;
  for (const command of first !== undefined && first.code >= 400 ? [] : commands) {
    const reply = await client.command(command);
    replies.push(reply);
    if (reply.code >= 400 && !command.startsWith("RCPT")) break;
  }
  if (replies.at(-1)?.code === 354) {
    client.send(`${message.replace(/^\./gm, "..")}.\r\n`);
    replies.push(await client.reply());
  }
  const mails = client.kept.slice(before);
  const [kept] = mails;
  return {
    replies: replies.map(({ code, enhanced }) => [code, enhanced].filter(Boolean).join(" ")),
    text: replies.at(-1)?.lines.join("\n") ?? "",
    message: kept?.message.replace(/^Received:.*\r\n(?:[ \t].*\r\n)*/, ""),
    sender: kept && String(kept.sender ?? ""),
    recipients: mails.flatMap(({ recipients }) => recipients.map(String)),
    hold: kept?.hold,
  };
}
