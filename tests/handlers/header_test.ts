import assert from "node:assert/strict";
import fc from "fast-check";
import { chain, discard, type Handler, Mailbox, on, type Reply, say } from "postmaster";
import { ask, Client, type Situation } from "postmaster/testing";
import {
  addHeader,
  alias,
  archive,
  localHosts,
  maxReceived,
  removeHeader,
  renameHeader,
} from "postmaster/handlers";

const joe = Mailbox.parse("joe@example.net");
const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** The message as `handler` passes it on, one character an octet, and the reply. */
async function through(handler: Handler, chunks: readonly string[]): Promise<[string, Reply]> {
  let passed = "";
  const read = on("Deliver", async ({ body }) => {
    for await (const chunk of body) passed += String.fromCharCode(...chunk);
    return say(2, 5, 0, "ok");
  });
  async function* body() {
    for (const chunk of chunks) yield await Promise.resolve(latin1(chunk));
  }
  const reply = await ask(chain(handler, read), {
    type: "Deliver",
    body: body(),
    routes: [{ recipient: joe, target: discard() }],
    signal: new AbortController().signal,
  });
  return [passed, reply];
}

const MESSAGE = "X-A: 1\r\n\tfolded\r\nSubject : hi\r\nx-a: 2\r\nX-B:\xe9\r\n\r\nX-A: body\r\n";

Deno.test("the header handlers change fields, folds included, and nothing else", async () => {
  const [removed] = await through(removeHeader("X-a"), [MESSAGE]);
  assert.equal(removed, "Subject : hi\r\nX-B:\xe9\r\n\r\nX-A: body\r\n");
  const [renamed] = await through(renameHeader({ "x-a": "Y", "SUBJECT": "Topic" }), [MESSAGE]);
  assert.equal(
    renamed,
    "Y: 1\r\n\tfolded\r\nTopic : hi\r\nY: 2\r\nX-B:\xe9\r\n\r\nX-A: body\r\n",
  );
  const [added] = await through(addHeader({ name: "X-C", value: "c" }), [MESSAGE]);
  assert.equal(added, `X-C: c\r\n${MESSAGE}`);
});

Deno.test("a header that is empty, or never ends, stays as it is", async () => {
  const handler = removeHeader("X-A");
  for (const text of ["", "\r\nX-A: body\r\n", "no field\r\n\r\nX-A: body\r\n", "X-B: 1\r\n"]) {
    assert.equal((await through(handler, [text]))[0], text);
  }
  const [passed] = await through(handler, ["no field\r\nX-A: 1\r\n\r\nX-A: body\r\n"]);
  assert.equal(passed, "no field\r\n\r\nX-A: body\r\n", "nothing hides behind what is no field");
  assert.equal((await through(handler, [`X-A${" \t".repeat(500)}: 1\r\n\r\n`]))[0], "\r\n");
  assert.equal((await through(handler, ["X-A: 1\r\n"]))[0], "");
});

Deno.test("a header of more than 1 MiB is refused, a body is not", async () => {
  const lines = Array.from({ length: 1100 }, () => `X-B: ${"x".repeat(990)}\r\n`);
  const [passed, reply] = await through(removeHeader("X-A"), [...lines, "\r\n"]);
  assert.deepEqual([passed, reply.code, reply.enhanced], ["", 552, "5.3.4"]);
  assert.equal((await through(removeHeader("X-A"), ["X-B: 1\r\n\r\n", ...lines]))[1].code, 250);
});

Deno.test("it does not matter where the message is cut into chunks", async () => {
  const piece = fc.constantFrom("X-A: 1\r\n", " fold\r\n", "X-B: \xff\r\n", "\r\n", "text\r\n");
  await fc.assert(
    fc.asyncProperty(fc.array(piece), fc.array(fc.nat({ max: 9 })), async (pieces, cuts) => {
      const message = pieces.join("");
      const chunks: string[] = [];
      let at = 0;
      for (const cut of cuts) chunks.push(message.slice(at, at += cut));
      chunks.push(message.slice(at));
      const keep = removeHeader("X-C");
      assert.equal((await through(keep, chunks))[0], message, "to the octet");
      const remove = removeHeader("X-A");
      const [whole] = await through(remove, [message]);
      assert.equal((await through(remove, chunks))[0], whole);
    }),
  );
});

Deno.test("maxReceived() refuses a message that goes in circles", async () => {
  const fields = "Received: by a\r\n".repeat(3);
  assert.equal((await through(maxReceived(3), [fields, "\r\nReceived: x\r\n"]))[1].code, 250);
  assert.equal((await through(maxReceived(2), [fields]))[1].enhanced, "5.4.6");
});

/** Sends a message to joe and gives what was kept for whom, and the code of the reply. */
async function send(policy: Handler, to = "joe@example.net", situation: Situation = {}) {
  using client = Client.of(policy, situation);
  await client.reply();
  await client.command("EHLO client.example.org");
  await client.command("MAIL FROM:<ann@example.org>");
  await client.command(`RCPT TO:<${to}>`);
  await client.command("DATA");
  const { code } = await client.command("Subject: hi\r\n\r\nhi\r\n.");
  const kept = client.kept.flatMap(({ recipients, target }) =>
    recipients.map((r) => `${r} ${target}`)
  );
  return { code, kept };
}

const mailboxes = on(
  "AddRcptTo",
  ({ mailbox }) => mailbox.local === "nobody" ? say(5, 5, 0, "unknown") : discard(),
);

Deno.test("archive() sends a copy along, by the handlers or by relay", async () => {
  const site = chain(localHosts(["example.net"]), mailboxes);
  const inside = await send(chain(archive({ to: "archive@example.net" }), site));
  assert.deepEqual(inside, {
    code: 250,
    kept: ["joe@example.net discard", "archive@example.net discard"],
  });
  const outside = await send(chain(archive({ to: "archive@example.com", relay: true }), site));
  assert.deepEqual(outside.kept, ["joe@example.net discard", "archive@example.com relay"]);
  const itself = await send(chain(archive({ to: "joe@example.net" }), site));
  assert.deepEqual(itself.kept, ["joe@example.net discard"]);
  const other = alias({ "archive@example.net": "joe@example.net" });
  const aliased = await send(chain(archive({ to: "archive@example.net" }), other, site));
  assert.deepEqual(aliased.kept, ["joe@example.net discard"]);
});

Deno.test("archive() defers what it knows it cannot copy", async () => {
  const policy = chain(archive({ to: "nobody@example.net" }), mailboxes);
  assert.deepEqual(await send(policy), { code: 451, kept: [] });
});
