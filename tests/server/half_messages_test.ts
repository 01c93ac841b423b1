import assert from "node:assert/strict";
import { codes, ENVELOPE, Running, sendMail } from "../running.ts";

/** Handlers that hide from those inside them that the message broke off. */
const HIDING: Record<string, string> = {
  "catches what ends the body": `
    async function* whatCame(body) {
      try {
        yield* body;
      } catch { /* and no word about it */ }
    }
    export default on("Deliver", (event, next) =>
      next({ ...event, body: whatCame(event.body) }));`,
  "passes on the beginning only": `
    async function* beginning(body) {
      for await (const chunk of body) {
        yield chunk;
        return;
      }
    }
    export default on("Deliver", (event, next) =>
      next({ ...event, body: beginning(event.body) }));`,
  "answers while others read": `
    async function* telling(body, tell) {
      for await (const chunk of body) {
        tell();
        yield chunk;
      }
    }
    export default on("Deliver", (event, next) => {
      const { promise, resolve } = Promise.withResolvers();
      const inner = next({ ...event, body: telling(event.body, resolve) });
      return Promise.race([inner, promise.then(() => say(4, 5, 1, "later"))]);
    });`,
};

const HALF = "Subject: half\r\n\r\nfirst half\r\n";

for (const [what, source] of Object.entries(HIDING)) {
  Deno.test(`no half message is delivered behind a handler that ${what}`, async () => {
    await using server = await Running.start((directory) => ({
      handlers: [directory.write("hiding.js", `import { on, say } from "postmaster";${source}`)],
      limits: { "message-size": "64 KiB" },
    }));
    using client = await server.connect();

    const gone = await server.connect();
    await codes(gone, "EHLO client.example.org", ...ENVELOPE);
    gone.send(HALF);
    gone.hangUp();
    await server.logs(/ disconnected /);

    await codes(client, "EHLO client.example.org", ...ENVELOPE);
    const large = HALF + `${"x".repeat(998)}\r\n`.repeat(80);
    assert.equal((await client.command(`${large}.`)).code, 552);

    const code = await sendMail(client, undefined, "Subject: whole\r\n\r\nall\r\n");
    assert.equal(await server.stop(), 0);
    const { log, directory } = server;
    const delivered = log.filter((line) => / delivered /.test(line));
    if (code === 250) assert.equal(delivered.length, 1);
    const subjects = directory.read("mail").match(/(?<=^Subject: ).*/gm) ?? [];
    assert.deepEqual(subjects, delivered.map(() => "whole"));
  });
}
