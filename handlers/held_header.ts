/**
 * Shared parts of the handlers that read or change the header of a message.
 * @module
 */
import { type Handler, type Header, on, readHeader, type Reply, say } from "postmaster";
import { z } from "postmaster/making";

/** An option that is the name of a field. */
export const fieldName: z.ZodString = z.string({
  error: "the name of a header field, such as X-Spam",
}).regex(/^[!-9;-~]{1,200}$/, { error: "the name of a header field, such as X-Spam" });

/** The most octets of a header that are held in memory. */
export const LIMIT: number = 1 << 20;

/** The reply to a longer header. */
export const TOO_BIG: Reply = say(5, 5, 2, "message header too big", "5.3.4");

/** A handler that changes the header of each message. */
export const editingHeader = (edit: (header: Header) => Uint8Array): Handler =>
  on("Deliver", async (event, next) => {
    const { header, withHeader } = await readHeader(event.body, { limit: LIMIT });
    return header.complete ? await next({ ...event, body: withHeader(edit(header)) }) : TOO_BIG;
  });
