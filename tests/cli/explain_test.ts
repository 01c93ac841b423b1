/**
 * `postmaster explain`, with and without a running server.
 *
 * @module
 */
import assert from "node:assert/strict";
import { codes, Directory, postmaster, Running, until } from "../running.ts";

Deno.test("explain tells what each handler did, and what the queue did, while the server runs and after it", async () => {
  using directory = new Directory();
  const settings = {
    mailer: { command: ["/bin/true"] },
    aliases: { sales: "you" },
    deliver: "queued",
    "state-directory": directory.of("state"),
  };
  const explain = (...args: readonly string[]) =>
    postmaster("explain", ...args, "--config", directory.of("postmaster.yaml"));
  let id = "";
  {
    await using server = await Running.start(() => settings);
    directory.write("postmaster.yaml", {
      ...{ domains: ["example.net"], users: ["you"] },
      ...settings,
    });
    using client = await server.connect();
    const said = [
      ...["EHLO client.example.org", "MAIL FROM:<ann@example.org>", "RCPT TO:<sales@example.net>"],
      ...["RCPT TO:<nobody@example.net>", "DATA"],
      ...["Subject: the secret of the message\r\n\r\nhello\r\n.", "AUTH PLAIN c2VjcmV0", "QUIT"],
    ];
    for (const line of said) await client.command(line);
    const { stdout } = await until("it is kept", async () => {
      const explained = await explain("--to", "you@example.net");
      return explained.code === 0 && /delivered:/.test(explained.stdout) && explained;
    });
    assert.match(stdout, /AddRcptTo <sales@example\.net>\n(.*\n)* +alias +asked again/);
    assert.match(stdout, /local-users +answered 550 5\.1\.1 unknown recipient/);
    assert.match(stdout, /-> you@example\.net -> mailer/);
    assert.doesNotMatch(stdout, /hello|the secret/);
    id = /message (\S+),/.exec(stdout)![1]!;
  }
  const after = await explain(id, "--json");
  const [part] = after.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(part.message.id, id);
  assert.equal(part.queue.recipients[0].ending, "delivered");
  const whole = await explain(part.session, "--json");
  assert.equal(whole.stdout.trimEnd().split("\n").length, 2, "the rest of the session");
  assert.doesNotMatch(whole.stdout, /c2VjcmV0|secret/);
  for (
    const none of [["--from", "bob@example.org"], ["--client", "192.0.2.99"], ["--until", "1d"]]
  ) {
    const { code, stderr } = await explain(...none);
    assert.equal(code, 1, none.join(" "));
    assert.match(stderr, /nothing that matches is kept/);
  }
  const found = await explain("--from", "example.org", "--client", "127.0.0.1", "--since", "1d");
  assert.match(found.stdout, new RegExp(id));
});

Deno.test("explain tells what handlers have said of mail in the queue", async () => {
  await using server = await Running.start((directory) => {
    directory.write(
      "later.js",
      `import { on, say } from "postmaster";
      export default on("BeforeDelivery", ({ attempt }, next) =>
        attempt === 1 ? say(4, 5, 0, "not yet", "4.7.1") : next());`,
    );
    return {
      handlers: ["./later.js"],
      aliases: { sales: "you" },
      deliver: "queued",
      queue: { retry: ["1s"] },
    };
  });
  using client = await server.connect();
  const envelope = ["MAIL FROM:<ann@example.org>", "RCPT TO:<sales@example.net>"];
  await codes(client, "EHLO client.example.org", ...envelope, "DATA", "\r\nhello\r\n.", "QUIT");
  await until("the mail is delivered", () => server.directory.read("mail").includes("hello"));
  const explain = (...args: readonly string[]) =>
    postmaster("explain", ...args, "--config", server.directory.of("postmaster.yaml"));
  const parts = await until("it is kept", async () => {
    const { stdout } = await explain("--to", "you@example.net");
    return stdout.split(/\n\n/).length === 2 && stdout.split(/\n\n/);
  });
  const [session, first] = parts; // who only passes on is not told of
  const id = /message (\S+),/.exec(session!)![1]!;
  assert.match(first!, new RegExp(`^message ${id} in the queue, 20`));
  assert.match(first!, /^ {2}from <ann@example\.org>, session \w+$/m);
  assert.match(
    first!,
    /BeforeDelivery you@example\.net \(mailer\)\n.*answered 450 4\.7\.1 not yet/,
  );
  const json = (await explain(id, "--refused", "--json")).stdout.trimEnd().split("\n");
  const [{ queued, events: [{ event }] }] = json.map((line) => JSON.parse(line));
  assert.deepEqual(queued, { id, mailFrom: "ann@example.org" });
  assert.deepEqual([event.route.original, event.attempt], ["sales@example.net", 1]);
});

Deno.test("while sessions cannot be kept the server serves, says so once, and keeps them again later", async () => {
  await using server = await Running.start((directory) => {
    Deno.mkdirSync(directory.of("state"));
    directory.write("state/sessions", "no directory");
    return { "state-directory": directory.of("state") };
  });
  const session = async () => {
    using client = await server.connect();
    const { code } = await client.command("NOOP");
    assert.equal(code, 250);
    await client.command("QUIT");
  };
  await session();
  await server.logs(/sessions not kept directory=.*state\/sessions error=/);
  await session();
  Deno.removeSync(server.directory.of("state/sessions"));
  await until("they are kept again", async () => {
    await session();
    return server.log.some((line) => /sessions kept again .*lost=[1-9]/.test(line));
  });
  assert.equal(server.log.filter((line) => /sessions not kept/.test(line)).length, 1);
});

Deno.test("explain names the fields that a handler has changed; of a sample, refusals are always kept", async () => {
  await using server = await Running.start((directory) => {
    directory.write(
      "policy.js",
      `import { chain, headerField, named, on, prepend, say } from "postmaster";
      const mark = on("Deliver", (event, next) =>
        next({ ...event, body: prepend(event.body, headerField("X-Verdict", "a secret")) }));
      const closed = on("AddRcptTo", (event, next) =>
        event.mailbox.local === "closed" ? say(5, 5, 0, "closed") : next());
      export default chain(named("mark", mark), named("closed", closed));`,
    );
    return {
      handlers: ["./policy.js"],
      explain: { sample: 0 },
      deliver: "before-reply",
    };
  });
  const session = async (sender: string, recipients: readonly string[]) => {
    using client = await server.connect();
    await codes(client, "EHLO client.example.org", `MAIL FROM:<${sender}>`);
    await codes(client, ...recipients.map((one) => `RCPT TO:<${one}>`), "DATA", "\r\nhello\r\n.");
  };
  await session("joe@one.example", ["you@example.net"]);
  await session("ann@two.example", ["closed@example.net", "you@example.net"]);
  const explain = (...args: readonly string[]) =>
    postmaster("explain", ...args, "--config", server.directory.of("postmaster.yaml"));
  const { stdout } = await until("the refusal is kept", async () => {
    const explained = await explain("--from", "ann@two.example");
    return explained.code === 0 && explained;
  });
  assert.match(stdout, /mark +passed on with another body \(\+X-Verdict\)/);
  assert.doesNotMatch(stdout, /a secret/);
  assert.equal((await explain("--from", "joe@one.example")).code, 1);
});
