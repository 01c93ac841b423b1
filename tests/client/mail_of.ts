/** Mail and servers for the tests of what is said to which. */
import type { Mail } from "../../src/client/mail.ts";
import { extensionsIn, type Peer } from "../../src/client/peer.ts";
import { encode } from "../../src/smtp/ascii.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { type Parameters, parseParameters } from "../../src/smtp/parameters.ts";

/** A server that offers these extensions, each as its line of EHLO. */
export const peerWith = (...lines: readonly string[]): Peer => ({
  ...{ host: "mx.example.org", address: "192.0.2.7", greeting: "220 hello", tls: undefined },
  extensions: extensionsIn({ code: 250, lines: ["mx.example.org", ...lines] }),
});

/** Parameters as they are written behind MAIL and RCPT. */
export function parametersIn(text: string): Parameters {
  const parameters = parseParameters(text && ` ${text}`, 0);
  if ("fault" in parameters) throw new TypeError(`${text}: ${parameters.fault.reason}`);
  return parameters;
}

/** What is not said of a message is usual. */
export interface MailFacts {
  readonly sender?: string | null;
  readonly parameters?: string;
  /** Recipients, with their parameters behind them. */
  readonly to?: readonly string[];
  readonly original?: string;
  readonly text?: string;
  readonly accepted?: number;
  /** How the message is read, if not as `text`. */
  readonly read?: () => AsyncIterable<Uint8Array>;
}

export function mailOf(
  {
    sender = "joe@example.net",
    parameters = "",
    to = ["jane@example.org"],
    original,
    text = "Subject: x\r\n\r\nhello\r\n",
    accepted,
    read,
  }: MailFacts = {},
): Mail {
  const octets = encode(text);
  return {
    sender: sender === null ? null : Mailbox.parse(sender),
    parameters: parametersIn(parameters),
    recipients: to.map((one) => {
      const [mailbox, ...rest] = one.split(" ");
      return {
        mailbox: Mailbox.parse(mailbox!),
        parameters: parametersIn(rest.join(" ")),
        original: original === undefined ? undefined : Mailbox.parse(original),
      };
    }),
    message: {
      size: octets.length,
      async *read() {
        if (read === undefined) yield octets;
        else yield* read();
      },
    },
    accepted,
  };
}
