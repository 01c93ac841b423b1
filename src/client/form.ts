/**
 * The form in which a message goes: as it is, or in lines of ASCII for a server that takes no more.
 * @module
 */
import { isAscii } from "node:buffer";
import type { Outcome } from "../handler/outcome.ts";
import type { Message } from "../message/message.ts";
import { toSevenBit } from "../mime/seven_bit.ts";
import { upper } from "../smtp/ascii.ts";
import type { Mail } from "./mail.ts";
import type { Peer } from "./peer.ts";
import { cannotTake } from "./refusal.ts";

/** A message in a form that the server takes. */
export interface Form {
  readonly message: Message;
  /** What MAIL says of it; `undefined` if nothing. */
  readonly body: "8BITMIME" | "BINARYMIME" | undefined;
}

/**
 * The form for a server. Without 8BITMIME (RFC 6152) or BINARYMIME (RFC 3030) there, a message that needs it is
 * converted; if that would break a signature, or cannot be, the mail fails, as section 3 of both wants it.
 */
export async function formFor(
  { parameters, message }: Pick<Mail, "parameters" | "message">,
  { host, extensions }: Pick<Peer, "host" | "extensions">,
): Promise<Form | Outcome> {
  const said = upper(parameters.get("BODY") ?? "");
  const isBinary = said === "BINARYMIME";
  if (isBinary && extensions.has("BINARYMIME") && extensions.has("CHUNKING")) {
    return { message, body: "BINARYMIME" };
  }
  const takes8bit = extensions.has("8BITMIME");
  if (!isBinary && takes8bit) return { message, body: said === "7BIT" ? undefined : "8BITMIME" };
  if (!isBinary && await isAllAscii(message)) return { message, body: undefined };
  const converted = await convertedOnce(message);
  if (!("impossible" in converted)) return { message: converted, body: undefined };
  const lacked = isBinary ? "BINARYMIME" : "8BITMIME";
  return cannotTake(
    "5.6.3",
    `${host} does not support ${lacked}, and the message cannot be converted: ${converted.impossible}`,
  );
}

const conversions = new WeakMap<Message, ReturnType<typeof toSevenBit>>();

/** The same for all servers, so that it is also signed only once. */
function convertedOnce(message: Message): ReturnType<typeof toSevenBit> {
  const conversion = conversions.get(message) ?? toSevenBit(message);
  conversions.set(message, conversion);
  conversion.catch(() => conversions.delete(message));
  return conversion;
}

async function isAllAscii(message: Message): Promise<boolean> {
  for await (const chunk of message.read()) if (!isAscii(chunk)) return false;
  return true;
}
