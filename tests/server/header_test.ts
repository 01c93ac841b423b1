import assert from "node:assert/strict";
import { chain, on, readHeader } from "postmaster";
import { Client } from "postmaster/testing";
import { removeHeader } from "postmaster/handlers";
import { Running, sendMail } from "../running.ts";
import { onlyJoe } from "./policy.ts";

/** What a message begins with, and what stands below our own fields then. */
const BEGINNINGS: Readonly<Record<string, string>> = {
  " dkim=pass\r\nSubject: x\r\n": "\n dkim=pass\nSubject: x\n",
  "\tdkim=pass\r\n": "\n\tdkim=pass\n",
  " \r\n": "\n \n",
  "hello\r\nSubject: x\r\n": "\nhello\nSubject: x\n",
  ":\r\n": "\n:\n",
  " :\r\n": "\n :\n",
  "S\xfcbject: x\r\n": "\nS\xc3\xbcbject: x\n",
  "Subject: x\r\nhello\r\n\r\n": "Subject: x\n\nhello\n\n",
  "From x@example.org Thu Nov 26 02:56:58 2026\r\nSubject: x\r\n":
    "X-Mailbox-Line: From x@example.org Thu Nov 26 02:56:58 2026\nSubject: x\n",
  ">From x@example.org\r\n dkim=pass\r\n": "X-Mailbox-Line: >From x@example.org\n\n dkim=pass\n",
  "Subject : x\r\n\r\n": "Subject : x\n\n",
  "\r\n dkim=pass\r\n": "\n dkim=pass\n",
  "..\r\n": "\n.\n",
  "": "",
};

const RECEIVED = "Received: from client\\.example\\.org .*\n(\t.*\n){3}";

Deno.test("nothing that a sender writes continues our own fields, for mailers, relays and copies", async () => {
  await using server = await Running.start(({ of }) => ({
    handlers: [
      { archive: { to: "archive@example.org", relay: true } },
      { "add-header": { name: "X-Auth", value: "spf=fail" } },
    ],
    mailer: { command: ["tee", of("mail")] },
    relay: { command: ["tee", of("copy"), "{recipient}"] },
  }));
  using client = await server.connect();
  for (const [beginning, below] of Object.entries(BEGINNINGS)) {
    assert.equal(await sendMail(client, "you@example.net", beginning), 250);
    const trace = "Return-Path: <ann@example.org>\nDelivered-To: you@example.net\n";
    const mail = new RegExp(`^${trace}${RECEIVED}X-Auth: spf=fail\n([^]*)$`);
    assert.equal(mail.exec(server.directory.read("mail"))?.[2], below);
    const copy = new RegExp(`^${RECEIVED}X-Auth: spf=fail\n([^]*)$`);
    assert.equal(copy.exec(server.directory.read("copy"))?.[2], below);
  }
});

Deno.test("handlers see the header that mailers get", async () => {
  const seen: string[] = [];
  const look = on("Deliver", async (event, next) => {
    const { header, body } = await readHeader(event.body);
    seen.push(header.all("X-Spam").map(({ raw }) => raw).join());
    return await next({ ...event, body });
  });
  using client = Client.of(chain(look, removeHeader("Subject"), onlyJoe));
  await client.reply();
  const message = "Subject: x\r\nX-Spam: yes\r\nno field\r\nX-Spam: no\r\nSubject: y\r\n";
  assert.equal(await sendMail(client, "joe@example.net", message), 250);
  assert.deepEqual(seen, [" yes"]);
  assert.match(
    client.kept[0]?.message ?? "",
    /\r\nX-Spam: yes\r\n\r\nno field\r\nX-Spam: no\r\nSubject: y\r\n$/,
  );
});

Deno.test("what is left of a message by a handler does not continue Received", async () => {
  const headless = on("Deliver", async (event, next) => {
    const { withHeader } = await readHeader(event.body);
    return await next({ ...event, body: withHeader(new Uint8Array(0)) });
  });
  using client = Client.of(chain(headless, onlyJoe));
  await client.reply();
  assert.equal(await sendMail(client, "joe@example.net", "A: b\r\n\r\n for <eve@x>\r\n"), 250);
  assert.match(client.kept[0]?.message ?? "", /\+0000\r\n\r\n for <eve@x>\r\n$/);
});
