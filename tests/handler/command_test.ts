import assert from "node:assert/strict";
import { chain, discard, type Handler, Mailbox, on, type Reply, say, variable } from "postmaster";
import { ask, Client, FakeClock, rcpt } from "postmaster/testing";
import { asking } from "../handlers/ask.ts";

const list: Handler = on("AddRcptTo", async (event, next, session) => {
  if (event.mailbox.local !== "list") return next();
  let reply = say(5, 5, 0, "nobody");
  for (const local of ["joe", "jane"]) {
    reply = await session.trigger({ ...event, mailbox: new Mailbox(local, "example.net") });
  }
  return reply;
});

Deno.test("a command's variable is shared by all depths, and has its first value at the next command", async () => {
  const calls = variable("command", "calls", () => 0);
  const seen: string[] = [];
  const counting = on("AddRcptTo", (event, next, session) => {
    seen.push(`${session.depth} ${event.mailbox.local} ${session.tick(calls)}`);
    return next();
  });
  const client = Client.of(chain(counting, list, on("AddRcptTo", () => discard())));
  for (const line of ["EHLO c.example", "MAIL FROM:<>"]) await client.command(line);
  await client.command("RCPT TO:<list@example.net>");
  await client.command("RCPT TO:<joe@example.net>");
  assert.deepEqual(seen, ["0 list 1", "1 joe 2", "1 jane 3", "0 joe 1"]);
  client.hangUp();
});

Deno.test("a handler that is too late has the variables of its own command", async () => {
  const clock = new FakeClock();
  const calls = variable("command", "calls", () => 0);
  const late = Promise.withResolvers<void>();
  const counts: number[] = [];
  const slow = on("SayOK", async (event, next, session) => {
    session.tick(calls);
    if (event.argument === "slow") await late.promise;
    counts.push(session.get(calls));
    return next();
  });
  const client = Client.of(slow, { clock });
  await client.reply();
  const answer = client.command("NOOP slow");
  await new Promise((resolve) => setTimeout(resolve)); // the handler waits now
  clock.advance(61_000);
  assert.equal((await answer).code, 451);
  const other = client.command("NOOP");
  late.resolve();
  assert.equal((await other).code, 250);
  assert.deepEqual(counts, [1, 1]);
  client.hangUp();
});

Deno.test("session.original is what the client named, at all depths and whatever was passed on", async () => {
  const seen: string[] = [];
  const looking = on("AddRcptTo", ({ mailbox }, next, { original }) => {
    seen.push(`${mailbox.local} of ${original.type === "AddRcptTo" && original.mailbox.local}`);
    return next();
  });
  const renaming = on("AddRcptTo", (event, next) =>
    next({
      ...event,
      mailbox: new Mailbox(event.mailbox.local.replace("joe", "jim"), "example.net"),
    }));
  await ask(chain(list, renaming, looking), rcpt("list@example.net"));
  assert.deepEqual(seen, ["jim of list", "jane of list"]);
});

Deno.test("whenAnswered() tells what the client is told, whatever handlers further out make of it", async () => {
  const told: string[] = [];
  const outside = on("AddRcptTo", async ({ mailbox }, next) => {
    const reply = await next();
    return mailbox.local === "list" ? say(5, 5, 4, "no lists") : reply;
  });
  const inside = on("AddRcptTo", ({ mailbox }, _next, session) => {
    session.whenAnswered(({ code }) => void told.push(`${mailbox.local} ${code}`));
    return discard();
  });
  await ask(chain(outside, list, inside), rcpt("list@example.net"));
  assert.deepEqual(told, ["joe 554", "jane 554"]);
});

Deno.test("whenAnswered() tells of an answer that no handler may give what is said instead", async () => {
  const codes: number[] = [];
  const routeless = on("AddRcptTo", (_event, _next, session): Reply => {
    session.whenAnswered(({ code }) => void codes.push(code));
    return say(2, 5, 0, "fine");
  });
  const client = Client.of(routeless);
  await client.reply();
  for (const line of ["EHLO c.example", "MAIL FROM:<>", "RCPT TO:<joe@example.net>"]) {
    await client.command(line);
  }
  assert.deepEqual(codes, [451]);
  client.hangUp();
});

Deno.test("whenAnswered() tells those who gave up the client, or are too late, that nothing was accepted", async () => {
  const codes: number[] = [];
  const gone = Promise.withResolvers<void>();
  const waiting = on("SayOK", async (_event, next, session) => {
    session.whenAnswered(({ code }) => void codes.push(code));
    await gone.promise;
    session.whenAnswered(({ code }) => void codes.push(code));
    return next();
  });
  const client = Client.of(waiting);
  await client.reply();
  client.command("NOOP").catch(() => {});
  await new Promise((resolve) => setTimeout(resolve)); // the handler waits now
  client.hangUp();
  gone.resolve();
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(codes, [451, 451]);
});

Deno.test("what whenAnswered() calls may break, and the log says so", async () => {
  const breaking = on("SayOK", (_event, next, session) => {
    session.whenAnswered(() => Promise.reject(new Error("no more room")));
    return next();
  });
  const { ask, logged } = asking(breaking);
  assert.equal((await ask({ type: "SayOK", argument: "" })).code, 250);
  await new Promise((resolve) => setTimeout(resolve));
  assert.match(logged.join("\n"), /^handler broke: .*"whenAnswered".*no more room/);
});
