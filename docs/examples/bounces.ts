/**
 * Bounces become files in a directory, where another program reads them.
 *
 * @module
 */
import { defineTarget, on } from "postmaster";

/** A target of your own: one file for each message. */
const directory = defineTarget<{ path: string }>("directory", {
  check: ({ path }) => {
    if (!path.startsWith("/")) throw new TypeError(`\`${path}\` must begin with a slash`);
  },
  plan: ({ path }) => `a file in ${path}`,
  open: ({ path }, { envelope: { id }, log }) => {
    const draft = `${path}/.${id}.eml`;
    const file = `${path}/${id}.eml`;
    let recipients = 0;
    return {
      recipient: () => void recipients++,
      body: async (message) => {
        await Deno.writeFile(draft, ReadableStream.from(message.read()), { createNew: true });
        using written = await Deno.open(draft, { write: true });
        await written.sync(); // it is on the disk before the client is told that we have it
      },
      commit: async () => {
        await Deno.rename(draft, file);
        log("bounce", { file });
        return Array.from({ length: recipients }, () => ({ result: "delivered", reason: "filed" }));
      },
      abort: () => Deno.remove(draft).catch(() => {}),
    };
  },
});

const bounces = directory({ path: "/var/spool/bounces" });

export default on(
  "AddRcptTo",
  ({ mailbox }, next, { mailFrom }) =>
    mailFrom === null && mailbox.domain === "example.net" ? bounces : next(),
);
