/**
 * Servers that hang up, refuse and begin again: each mail ends after a few connections, and a fault of this server is
 * none of theirs.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { brief, Sending } from "./sending.ts";
import { type Answer, type Plan, Sink } from "./sink.ts";

/** Sends mail, and gives the outcomes and the number of connections. */
async function tried(plan: Plan, to: readonly string[]) {
  await using sink = await Sink.start(plan);
  await using sending = new Sending({ port: sink.port, tls: "none" });
  const outcomes = (await sending.send({ to })).map(brief);
  return { outcomes: [...new Set(outcomes)], connections: sink.heard.length };
}

const dropping = (octets: string): Answer => ({ octets: `${octets}\r\n`, then: "drop" });

Deno.test("what a server refuses for now is not sent to it again and again at once", async () => {
  const greylisting = await tried({
    extensions: ["LIMITS MAILMAX=1 RCPTMAX=1"],
    answer: ({ verb }) => verb === "RCPT" ? "450 4.7.1 greylisted" : undefined,
  }, ["a@example.org", "b@example.org"]);
  deepEqual(greylisting, { outcomes: ["deferred 4.7.1"], connections: 2 });

  const many = Array.from({ length: 101 }, (_, i) => `r${i}@example.org`);
  const limited = await tried({
    extensions: ["PIPELINING"],
    answer: ({ verb, before }) =>
      verb !== "RCPT"
        ? undefined
        : before === 20
        ? dropping("421 4.7.0 too many errors")
        : "450 4.7.1 greylisted",
  }, many);
  ok(limited.connections <= 3, `${limited.connections} connections`);
  ok(limited.outcomes.every((outcome) => outcome.startsWith("deferred")));

  const mixed = await tried({
    answer: ({ verb }) => verb === "MAIL" ? dropping("421 4.7.0 try later") : undefined,
  }, ["a@example.org", "j\u00f6@example.org"]);
  deepEqual(mixed.outcomes, ["deferred 4.7.0", "failed 5.6.7"]);
  ok(mixed.connections <= 3, `${mixed.connections} connections`);
});

Deno.test("an answer before the last chunk is no answer to it", async () => {
  await using sink = await Sink.start({
    extensions: ["CHUNKING", "BINARYMIME"],
    answer: ({ verb }) =>
      verb === "RCPT"
        ? { octets: "250 ok\r\n250 stray\r\n" }
        : verb === "BDAT"
        ? "552 5.2.2 no"
        : undefined,
  });
  await using sending = new Sending({ port: sink.port, tls: "none" });
  const [outcome] = await sending.send({ to: ["a@example.org"], parameters: "BODY=BINARYMIME" });
  equal(outcome?.result, "deferred");
});

Deno.test("a message that cannot be read is no trouble of the server, and its reason names no file", async () => {
  await using sink = await Sink.start({ extensions: ["8BITMIME"] });
  await using sending = new Sending({ port: sink.port, tls: "none" });
  let reads = 0;
  const broken = async function* () {
    reads++;
    yield new TextEncoder().encode("Subject: x\r\n\r\nhello\r\n");
    if (reads > 1) throw new Error("EIO: read /var/spool/secret/1");
  };
  const [outcome] = await sending.send({ to: ["a@example.org"], read: broken });
  ok(outcome?.result === "deferred" && outcome.scope === "server", JSON.stringify(outcome));
  match(outcome.cause ?? "", /EIO/);
  ok(!outcome.reason.includes("spool"), outcome.reason);
  equal(sink.taken.length, 0);
  deepEqual((await sending.send({ to: ["b@example.org"] })).map(brief), ["delivered"]);
});

Deno.test("a server that ends a connection that waits, while the message is read, gets the mail by another", async () => {
  await using sink = await Sink.start();
  await using sending = new Sending({ port: sink.port, tls: "none" });
  deepEqual((await sending.send({ to: ["a@example.org"] })).map(brief), ["delivered"]);
  let isFirst = true;
  const slow = async function* () {
    if (isFirst) {
      isFirst = false;
      await sink.endAll("421 4.4.2 idle timeout\r\n");
    }
    yield new TextEncoder().encode("Subject: x\r\n\r\nhello\r\n");
  };
  deepEqual((await sending.send({ to: ["a@example.org"], read: slow })).map(brief), ["delivered"]);
  equal(sink.heard.length, 2);
});

Deno.test("a host of the DNS that looks like a socket is none", async () => {
  const exchange = "unix:/run/docker.sock";
  await using sending = new Sending({
    port: 25,
    zone: { "example.org": { MX: [{ exchange, priority: 10 }] } },
  });
  deepEqual((await sending.send({ to: ["a@example.org"] })).map(brief), ["failed 5.4.4"]);
});
