import assert from "node:assert/strict";
import { chain, discard, type Handler, mailer, on, type Reply, say } from "postmaster";
import { ask, rcpt } from "postmaster/testing";
import {
  bye,
  catchAll,
  explode,
  fallback,
  greeting,
  helo,
  localHosts,
  passwd,
  reply,
  subaddress,
  virtualUsers,
} from "postmaster/handlers";

/** joe and jane are users of any domain, busy is one for later. */
const users: Handler = on("AddRcptTo", ({ mailbox }) => {
  if (mailbox.local === "busy") return say(4, 5, 0, "mailbox busy", "4.2.1");
  return ["joe", "jane"].includes(mailbox.local) ? discard() : say(5, 5, 0, "unknown", "5.1.1");
});

const outcome = async (policy: Handler, to: string): Promise<string> => {
  const { code, routes = [] } = await ask(policy, rcpt(to));
  return [code, ...routes.map(({ recipient }) => recipient)].join(" ");
};

/** Runs `run` with the path of a file that has `text`. */
async function withFile(text: string, run: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    await run(path);
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}

Deno.test("greeting() and helo() say their text behind the name, and refuse nothing less", async () => {
  const policy = chain(greeting("no spam"), helo("pleased to meet you"));
  const lines = async (type: "Greeting" | "SayHelo" | "SayEhlo"): Promise<readonly string[]> =>
    (await ask(policy, type === "Greeting" ? { type } : { type, name: "a.example" })).lines;
  assert.deepEqual(await lines("Greeting"), ["mx.example.net no spam"]);
  assert.deepEqual(await lines("SayHelo"), ["mx.example.net pleased to meet you"]);
  assert.deepEqual((await lines("SayEhlo")).slice(0, 2), [
    "mx.example.net pleased to meet you",
    "PIPELINING",
  ]);
  const closed = chain(policy, reply({ on: "Greeting", code: 554, text: "no" }));
  assert.equal((await ask(closed, { type: "Greeting" })).code, 554);
  assert.throws(() => greeting("a\nb"), /printable/);
});

Deno.test("bye() hangs up", async () => {
  const said: Reply = await ask(bye({ on: "Greeting", text: "not here" }), { type: "Greeting" });
  assert.deepEqual([said.code, said.lines], [421, ["not here"]]);
});

Deno.test("fallback() asks others only for what is refused for good", async () => {
  const policy = chain(fallback({ then: reply({ code: 551, text: "elsewhere" }) }), users);
  assert.equal(await outcome(policy, "joe@example.net"), "250 joe@example.net");
  assert.equal(await outcome(policy, "busy@example.net"), "450");
  assert.equal(await outcome(policy, "nobody@example.net"), "551");
  const inner = fallback({ first: users, then: on("AddRcptTo", () => discard()) });
  assert.equal(await outcome(inner, "nobody@example.net"), "250 nobody@example.net");
  assert.equal(await outcome(chain(fallback({ then: "trace" }), users), "nobody@a.example"), "550");
});

Deno.test("catchAll() takes what nobody in its domain has, and nothing else", async () => {
  const policy = chain(catchAll("joe@example.net"), localHosts(["example.net"]), users);
  assert.equal(await outcome(policy, "nobody@EXAMPLE.net"), "250 joe@example.net");
  assert.equal(await outcome(policy, "jane@example.net"), "250 jane@example.net");
  assert.equal(await outcome(policy, "busy@example.net"), "450");
  assert.equal(await outcome(policy, "nobody@example.org"), "550", "no open relay");
  const nowhere = chain(catchAll("gone@example.net"), users);
  assert.equal(await outcome(nowhere, "nobody@example.net"), "550", "and no circle");
});

Deno.test("subaddress() cuts the extension off when nobody has it", async () => {
  const policy = chain(subaddress({ delimiter: "-" }), users);
  assert.equal(await outcome(policy, "joe-list-x@example.net"), "250 joe-list-x@example.net");
  assert.equal(await outcome(policy, "joe+list@example.net"), "550");
  assert.equal(await outcome(policy, "-joe@example.net"), "550");
  assert.equal(await outcome(policy, "busy-x@example.net"), "450");
});

Deno.test("explode() makes many of one, by data or by a file that is read again", async () => {
  const staff = explode({ "staff@example.net": ["joe", "jane@example.org"] });
  const both = "250 joe@example.net jane@example.org";
  assert.equal(await outcome(chain(staff, users), "staff@example.net"), both);
  await withFile("# lists\nstaff@example.net: joe, jane@example.org\n", async (file) => {
    const policy = chain(explode({ file }), users);
    assert.equal(await outcome(policy, "staff@example.net"), both);
    await Deno.writeTextFile(file, "staff@example.net: jane@example.org, gone\n");
    assert.equal(await outcome(policy, "staff@example.net"), "250 jane@example.org");
  });
});

Deno.test("virtualUsers() rereads its file, and refuses nobody while it cannot be read", async () => {
  await withFile("Joe@example.net: joe\n@example.org: jane # all\n", async (file) => {
    const policy = chain(virtualUsers({ file }), on("AddRcptTo", () => say(5, 5, 0, "unknown")));
    const userOf = async (to: string) => {
      const { code, routes: [route] = [] } = await ask(policy, rcpt(to));
      if (route === undefined) return code;
      assert.deepEqual(route.target, mailer());
      return route.user;
    };
    assert.equal(await userOf("joe@example.NET"), "joe");
    assert.equal(await userOf("any@example.org"), "jane");
    assert.equal(await userOf("jim@example.net"), 550);
    await Deno.writeTextFile(file, "jim@example.net: jim and more\n");
    assert.equal(await userOf("joe@example.net"), "joe", "what was last read counts");
    assert.equal(await userOf("jim@example.net"), 451);
    await Deno.writeTextFile(file, "jim@example.net: jim\n");
    assert.equal(await userOf("jim@example.net"), "jim");
    assert.equal(await userOf("joe@example.net"), 550);
    await Deno.remove(file);
    assert.equal(await userOf("joe@example.net"), 451);
    assert.equal(await userOf("jim@example.net"), "jim");
  });
  const missing = virtualUsers({ file: "/nowhere/users" });
  assert.equal(await outcome(missing, "joe@example.net"), "451");
});

Deno.test("passwd() knows the users of the system", async () => {
  const policy = passwd({ minUid: 1, command: ["maildrop", "-d", "{user}"] });
  const { routes } = await ask(policy, rcpt("Daemon@example.net"));
  assert.deepEqual(routes?.[0]?.target.args["argv"], ["maildrop", "-d", "{user}"]);
  assert.equal(await outcome(policy, "root@example.net"), "550");
  assert.equal(await outcome(policy, "no-such-user@example.net"), "550");
  assert.equal(await outcome(passwd(), "nobody@example.net"), "550");
  const { routes: [route] = [] } = await ask(passwd({ minUid: 1 }), rcpt("daemon@example.net"));
  assert.deepEqual([route?.target, route?.user], [mailer(), "daemon"]);
});
