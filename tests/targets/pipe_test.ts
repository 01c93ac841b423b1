import { deepEqual, doesNotMatch, equal, match, throws } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { pipe, type PipeOptions, pipeType, procmail } from "../../src/targets/pipe.ts";
import { needRoot } from "../need.ts";
import { deliver, deliverApart, inDirectory, messageOf, sh } from "./deliver.ts";

const type = pipeType();

Deno.test("pipe() gives the mailer the message with its trace and LF line ends", async () => {
  const { outcomes, mailers } = await deliver(type, sh("cat >&2"));
  equal(outcomes[0]?.result, "delivered");
  equal(
    mailers[0]?.output,
    "Return-Path: <jane@example.org>\nDelivered-To: joe@example.net\nSubject: hello\n\nHello!\n",
  );
  equal(mailers[0]?.status, "exit 0");
});

Deno.test("pipe() logs the command as a shell would want it", async () => {
  const { mailers } = await deliver(type, pipe(["true", "", "{peer}", "it's {sender}"]));
  equal(mailers[0]?.command, "true '' 192.0.2.1 'it'\\''s jane@example.org'");
});

Deno.test("pipe() does not log a message that the mailer repeats on its standard output", async () => {
  const { outcomes, mailers } = await deliver(type, sh("echo full >&2; cat; exit 73"));
  equal(mailers[0]?.output, "full\n");
  deepEqual(outcomes.map((outcome) => "cause" in outcome && outcome.cause), ["full"]);
});

Deno.test("pipe() writes the null path as <>", async () => {
  const { mailers } = await deliver(type, sh("head -n1 >&2"), { envelope: { sender: null } });
  equal(mailers[0]?.output, "Return-Path: <>\n");
});

Deno.test("pipe() leaves all other octets alone", async () => {
  await inDirectory(async (directory) => {
    const body = Buffer.concat([
      Buffer.from("\r\n..\r\n.\r\nFrom x\r\n\xff\0\x80\r\n\r\n", "latin1"),
      Buffer.alloc(5000, "long "),
      Buffer.from("\r\n\r\r\nno end", "latin1"),
    ]);
    await deliver(type, sh('cat > "$1"', `${directory}/mail`), { message: messageOf(body) });
    const stored = Buffer.from(await Deno.readFile(`${directory}/mail`)).toString("latin1");
    const trace = "Return-Path: <jane@example.org>\nDelivered-To: joe@example.net\n";
    equal(stored, trace + body.toString("latin1").replaceAll("\r\n", "\n"));
  });
});

Deno.test("pipe() defers when the program is missing or forbidden", async () => {
  for (const program of ["no-such-mailer", "/no/such/mailer", "/etc/passwd", "/etc"]) {
    const { outcomes: [outcome] } = await deliver(type, pipe([program]));
    equal(outcome?.result, "deferred", program);
    equal("status" in outcome! && outcome.status, "4.3.0", program);
  }
});

Deno.test("pipe() looks programs up on its own PATH, not on the server's", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/only-here`, "#!/bin/sh\n", { mode: 0o755 });
    const results = await deliverApart(`export PATH='${directory}'`, ["only-here"], ["true"]);
    deepEqual(results.map(({ outcomes: [outcome] }) => outcome?.result), ["deferred", "delivered"]);
  });
});

Deno.test("pipe() gives the mailer the documented environment and nothing else", async () => {
  const before = "export TZ=Europe/Berlin LANG=C.UTF-8 LD_PRELOAD_X=x";
  const [{ mailers } = { mailers: [] }] = await deliverApart(before, ["env"]);
  const names = mailers[0]!.output!.trim().split("\n").map((line) => line.split("=")[0]);
  deepEqual(names.sort(), ["HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TZ", "USER"]);
  match(mailers[0]!.output!, /^TZ=Europe\/Berlin$/m);
  match(mailers[0]!.output!, /^PATH=\/usr\/local\/sbin:[^\n]*:\/bin$/m);
});

Deno.test("pipe() leaves no file and no socket of the server open in the mailer", async () => {
  await inDirectory(async (directory) => {
    using _file = await Deno.open(`${directory}/open`, { write: true, create: true });
    using _listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { mailers } = await deliver(type, sh("cat >/dev/null; ls -l /proc/$$/fd"));
    match(mailers[0]!.output!, /0 -> pipe:/);
    doesNotMatch(mailers[0]!.output!, /socket:|open$/m);
  });
});

Deno.test({
  name: "pipe() runs as the user and group it is told",
  ...needRoot(),
  async fn() {
    const run = async (options: PipeOptions) => {
      const script = 'echo "$(id -u) $(id -g) $(id -G) $USER $HOME"';
      const { mailers } = await deliver(type, pipe(["sh", "-c", script], options));
      return mailers[0]?.output?.trim();
    };
    equal(await run({ user: "daemon" }), "1 1 1 daemon /usr/sbin");
    equal(await run({ user: 1, group: "mail" }), "1 8 8 daemon /usr/sbin");
    equal(await run({ user: 54321, group: 54321 }), "54321 54321 54321");
  },
});

Deno.test("pipe() defers when there is no such user or group", async () => {
  for (
    const [options, cause] of [
      [{ user: "no-such-user" }, "there is no user no-such-user"],
      [{ group: "no-such-group" }, "there is no group no-such-group"],
      [{ user: 54321 }, "user 54321 has no group"],
    ] as const
  ) {
    const { outcomes, mailers } = await deliver(type, pipe(["true"], options));
    deepEqual(outcomes, [
      { result: "deferred", status: "4.3.5", reason: "mailer: configuration error", cause },
    ]);
    equal(mailers[0]?.status, "unknown account");
  }
});

Deno.test("pipe() passes hostile local parts on as they are", async () => {
  const hostile = [
    "$(id)",
    ";id",
    "`id`",
    "|id",
    "../../etc",
    "a b",
    '"',
    "'",
    "\\",
    "*",
    "",
    "{user}",
  ];
  for (const local of [...hostile, "-oQ/tmp", "--"]) {
    const mailbox = new Mailbox(local, "example.net");
    const { mailers } = await deliver(type, sh('printf "%s.%s" "$#" "$2"', "-d", "{local}"), {
      recipients: [mailbox],
    });
    equal(mailers[0]?.output, `2.${local}`);
  }
});

Deno.test("pipe() fails a recipient that would be an option, and starts nothing", async () => {
  const { outcomes, mailers } = await deliver(type, pipe(["echo", "{local}"]), {
    recipients: ["-oQ/tmp@example.net", "joe@example.net", "--@example.net"],
  });
  deepEqual(outcomes.map(({ result }) => result), ["failed", "delivered", "failed"]);
  equal("status" in outcomes[0]! && outcomes[0].status, "5.1.3");
  deepEqual(mailers.map(({ output }) => output), ["joe\n"]);
});

Deno.test("pipe() serves several recipients with one process if it may", async () => {
  const recipients = ["a", "b", "c", "d", "e"].map((user) => `${user}@example.net`);
  const script = "n=$(grep -c ^Delivered-To); echo $n $*";
  const argv = ["sh", "-c", script, "sh", "{user}"];
  const { outcomes, mailers } = await deliver(type, pipe(argv, { maxRecipients: 2 }), {
    recipients,
  });
  equal(outcomes.length, 5);
  deepEqual(mailers.map(({ output }) => output).sort(), ["0 a b\n", "0 c d\n", "1 e\n"]);
});

Deno.test("pipe() gives each recipient the outcome of its own process", async () => {
  const { outcomes } = await deliver(type, sh('exit "$1"', "{user}"), {
    recipients: ["0@x", "75@x", "67@x"],
  });
  deepEqual(outcomes.map(({ result }) => result), ["delivered", "deferred", "failed"]);
});

Deno.test("pipeType().faultIn() says what is wrong with arguments", () => {
  equal(
    type.faultIn(JSON.parse(JSON.stringify(pipe(["x", "{user}"], { user: "daemon" }).args))),
    undefined,
  );
  for (
    const [args, fault] of [
      [{}, /argv/],
      [{ argv: "cat" }, /argv/],
      [{ argv: ["cat", 1] }, /argv\[1\]/],
      [{ argv: [] }, /names no program/],
      [{ argv: ["x", "{usr}"] }, /did you mean \{user\}/],
      [{ argv: ["x"], maxRecipients: 0 }, /maxRecipients/],
      [{ argv: ["x"], user: "" }, /user/],
      [{ argv: ["x"], group: -1 }, /group/],
      [{ argv: ["x"], timeout: 2 ** 31 }, /timeout/],
      [{ argv: ["x"], usr: "daemon" }, /usr/],
    ] as const
  ) match(type.faultIn(args) ?? "", fault);
});

Deno.test("pipeType() throws for settings that make no sense", () => {
  for (
    const settings of [{ concurrency: 0 }, { timeout: -1 }, {
      outputLimit: NaN,
    }]
  ) {
    throws(() => pipeType(settings), TypeError);
  }
});

Deno.test("procmail() is a pipe to procmail", () => {
  deepEqual(procmail("joe", ["-a", "{extension}"]).args["argv"], [
    ...["procmail", "-Y", "-f", "{sender}", "-a", "{extension}", "-d", "joe"],
  ]);
  equal(type.faultIn(procmail("{joe}").args), undefined);
  for (const user of ["", "-joe", "\0"]) throws(() => procmail(user), TypeError);
});

Deno.test("a target that makes no sense is refused where it is made", () => {
  // @ts-expect-error: `map` gives an index as well
  throws(() => ["joe", "jane"].map(procmail), /second argument of procmail\(\) .*, not 0$/);
  // @ts-expect-error: further options are a list
  throws(() => procmail("joe", "-a", "x"), /a list of options, .*, not "-a"$/);
  // @ts-expect-error: no text
  throws(() => procmail("joe", [1]), /argv\[4\]: .*string/);
  // @ts-expect-error: no text
  throws(() => procmail(undefined), /undefined is not the name of a user/);
  // @ts-expect-error: `map` gives an index as well
  throws(() => [["cat"]].map(pipe), /second argument of pipe\(\) are options, not 0$/);
  // @ts-expect-error: no list
  throws(() => pipe("cat"), /a list, the program and its arguments, .*, not "cat"$/);
  // @ts-expect-error: no such option
  throws(() => pipe(["cat"], { usr: "joe" }), /usr/);
  throws(() => pipe([]), /names no program/);
  throws(() => pipe(["cat", "{usr}"]), /did you mean \{user\}/);
  throws(() => pipe(["cat"], { timeout: -1 }), /timeout/);
});

Deno.test("nobody can change a target that was made", () => {
  const argv = ["cat", "{user}"];
  const { args } = pipe(argv);
  argv[1] = "{usr}";
  deepEqual(args["argv"], ["cat", "{user}"]);
  throws(() => (args["argv"] as string[]).push("x"), TypeError);
  throws(() => Object.assign(args, { user: "root" }), TypeError);
});

Deno.test("pipe() removes the Return-Path of another delivery from the header", async () => {
  const message = messageOf(
    "Received: x\r\nRETURN-PATH:\r\n <eve@example.com>\r\nSubject: hello\r\n\r\nReturn-Path: text\r\n",
  );
  const { mailers } = await deliver(type, sh("cat >&2"), { message });
  equal(
    mailers[0]?.output,
    "Return-Path: <jane@example.org>\nDelivered-To: joe@example.net\n" +
      "Received: x\nSubject: hello\n\nReturn-Path: text\n",
  );
});
