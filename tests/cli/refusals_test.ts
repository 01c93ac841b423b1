import assert from "node:assert/strict";
import { codes, Running } from "../running.ts";

const POLICY = `
import { chain, named, on, say } from "postmaster";
export default chain(
  named("politeness", on("AddRcptTo", async (event, next) => {
    const reply = await next();
    return reply.code < 400 ? reply : { ...reply, lines: ["sorry: " + reply.lines.join(" ")] };
  })),
  named("no bob", on("AddRcptTo", (event, next) =>
    event.mailbox.local === "bob" ? say(5, 5, 0, "not bob", "5.7.1") : next())),
  named("throws", on("AddRcptTo", (event, next) => {
    if (event.mailbox.local === "broken") throw new Error("on purpose");
    return next();
  })),
  named("hangs", on("AddRcptTo", (event, next) =>
    event.mailbox.local === "hang" ? new Promise(() => {}) : next())),
);
`;

Deno.test("a refusal in the log says who was refused, with which codes, and which handler made it up", async () => {
  await using server = await Running.start((directory) => ({
    handlers: [directory.write("policy.ts", POLICY)],
    limits: { "handler-timeout": "1 s" },
    log: { format: "json" },
  }));
  using client = await server.connect();
  const lines = [
    "EHLO client.example",
    "MAIL FROM:<ann@example.org>",
    "RCPT TO:<bob@example.net>",
    "RCPT TO:<joe@example.com>",
    "RCPT TO:<broken@example.net>",
    "RCPT TO:<hang@example.net>",
    "STARTTLS",
    "XCLIENT ADDR=9.9.9.9",
    "c2VjcmV0IHBhc3N3b3Jk",
    "RCPT TO:<you@example.net>",
    "DATA",
  ];
  await codes(client, ...lines);
  await codes(client, "hello\r\n.", "QUIT");
  await server.logs(/disconnected/);
  const records = server.log.map((line) => JSON.parse(line));
  const rejected = records.filter(({ message }) => message === "rejected");
  const of = (rest: object) => (record: Record<string, unknown>) => {
    for (const [key, value] of Object.entries(rest)) {
      if (key === "handler") assert.match(String(record[key]), value as RegExp);
      else assert.equal(record[key], value, `${key} of ${JSON.stringify(record)}`);
    }
  };
  const known = { peer: "127.0.0.1", helo: "client.example", sender: "<ann@example.org>" };
  const wanted = [
    { ...known, recipient: "<bob@example.net>", code: 550, enhanced: "5.7.1", handler: /no bob$/ },
    {
      ...known,
      recipient: "<joe@example.com>",
      code: 550,
      enhanced: "5.7.1",
      handler: /^local-hosts$/,
    },
    { ...known, recipient: "<broken@example.net>", code: 451, handler: /throws$/ },
    { ...known, recipient: "<hang@example.net>", code: 451, handler: /hangs$/ },
    { ...known, verb: "STARTTLS", code: 502, handler: /^core$/ },
    { ...known, verb: "XCLIENT", code: 500, handler: /^core$/ },
    { ...known, verb: undefined, code: 500, handler: /^core$/ },
  ];
  assert.equal(rejected.length, wanted.length, JSON.stringify(rejected));
  wanted.forEach((fields, i) => of(fields)(rejected[i]));
  assert.equal(server.log.join("\n").includes("c2VjcmV0"), false);
  const delivered = records.find(({ message }) => message === "delivered");
  of({ ...known, recipient: "<you@example.net>", plan: `tee -a ${server.directory.of("mail")}` })(
    delivered,
  );
});

Deno.test("a refusal by a limit says which one, and whom it is about", async () => {
  await using server = await Running.start(() => ({
    limits: { recipients: 1, "message-size": 2000 },
    log: { format: "json" },
  }));
  using client = await server.connect();
  await codes(client, "EHLO client.example", "MAIL FROM:<ann@example.org> SIZE=3000");
  await codes(client, "RCPT TO:<you@example.net>", "MAIL FROM:<eve@example.org>");
  await codes(client, "RCPT TO:<you@example.net>", "RCPT TO:<bob@example.net>", "QUIT");
  await server.logs(/disconnected/);
  const rejected = server.log.map((line) => JSON.parse(line))
    .filter(({ message }) => message === "rejected")
    .map(({ code, limit, sender, recipient }) => [code, limit, sender, recipient]);
  assert.deepEqual(rejected, [
    [552, "message-size", "<ann@example.org>", undefined],
    [503, undefined, undefined, "<you@example.net>"],
    [452, "recipients", "<eve@example.org>", "<bob@example.net>"],
  ]);
});
