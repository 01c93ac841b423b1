/**
 * The part of the schema that is about clients that break the protocol.
 * @module
 */
import { z } from "zod";
import { Network } from "../base/ip.ts";
import { chosen, options, text } from "../base/kinds.ts";
import { messageOf } from "../base/message_of.ts";
import type { Clients, Tolerated } from "../server/tolerated.ts";

const everyone = z.literal("everyone");
const list = z.array(text("a network such as `10.0.0.0/8`", Network.parse)).min(1);
const one = text("`everyone`, or a network such as `10.0.0.0/8`", (written) => {
  try {
    return [Network.parse(written)];
  } catch (error) {
    throw new TypeError(`${messageOf(error)}; or write \`everyone\``);
  }
});

const clients = chosen<Clients, string | readonly string[]>(
  (value): z.ZodType<Clients> =>
    value === everyone.value ? everyone : Array.isArray(value) ? list : one,
  () => z.union([everyone, one, list]),
).meta({ title: "`everyone`, a network or a list of networks" });

/** What is tolerated, and of whom. */
export const tolerateSchema: z.ZodType<Tolerated> = options({
  underscores: clients.optional().describe(
    "Domains with underscores, `joe@mail_server.example.net`. A server that mail is relayed to " +
      "may refuse them.",
  ).meta({ examples: ["10.0.0.0/8"] }),
  trailingDots: clients.optional().describe(
    "A dot after a domain, `<joe@example.net.>`. The server removes it, also for handlers, " +
      "mailers and relays.",
  ).meta({ examples: ["everyone"] }),
  missingBrackets: clients.optional().describe(
    "An address without angle brackets, `MAIL FROM:joe@example.net`. `MAIL FROM:` without an " +
      "address stays an error.",
  ).meta({ examples: ["192.0.2.7"] }),
  bareLineFeeds: clients.optional().describe(
    "Lines that end in LF alone, of commands and of messages. A message still ends with CRLF, a dot and CRLF.",
  ).meta({ examples: [["10.1.2.0/24", "192.0.2.7"]] }),
});
