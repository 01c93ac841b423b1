import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { silent } from "../../src/log/event.ts";
import { encode } from "../../src/smtp/ascii.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { pipe, pipeType } from "../../src/targets/pipe.ts";
import { outcomeOf } from "../../src/targets/sysexits.ts";
import {
  deliver,
  ENVELOPE,
  HELLO,
  inDirectory,
  isDead,
  MEGABYTES_30,
  sh,
  until,
} from "./deliver.ts";

const type = pipeType();

Deno.test("pipe() turns every exit code into its outcome", async () => {
  const codes = Array.from({ length: 79 }, (_, code) => code);
  await Promise.all(codes.map(async (code) => {
    const { outcomes, mailers } = await deliver(type, sh(`cat >/dev/null; exit ${code}`));
    deepEqual(outcomes, [outcomeOf({ how: "exit", code })]);
    equal(mailers[0]?.status, `exit ${code}`);
  }));
});

Deno.test("pipe() gives the last lines of what the mailer said as the cause, not only the very last", async () => {
  // As msmtp(1) complains.
  const complaints = [
    "recipient not accepted",
    "server message: 550 5.1.1 no such user",
    "could not send mail",
  ];
  const lines = ["one too early", "another", ...complaints].map((line) => `echo '${line}' >&2`);
  const { outcomes } = await deliver(type, sh([...lines, "exit 69"].join("; ")));
  deepEqual(outcomes.map((outcome) => "cause" in outcome && outcome.cause), [
    "another / recipient not accepted / server message: 550 5.1.1 no such user / could not send mail",
  ]);
});

Deno.test("pipe() gives what the mailer complained of as the cause", async () => {
  const { outcomes } = await deliver(type, sh("echo first; echo no such user >&2; echo; exit 67"));
  deepEqual(outcomes, [{
    result: "failed",
    status: "5.1.1",
    reason: "mailer: unknown user",
    cause: "no such user",
  }]);
});

Deno.test("pipe() defers when a signal ends the mailer", async () => {
  const { outcomes, mailers } = await deliver(type, sh("kill -SEGV $$"));
  equal(outcomes[0]?.result, "deferred");
  equal(mailers[0]?.status, "SIGSEGV");
});

Deno.test("pipe() takes exit 0 for delivered from a mailer that reads nothing", async () => {
  const { outcomes } = await deliver(type, pipe(["true"]), { message: MEGABYTES_30 });
  equal(outcomes[0]?.result, "delivered");
  const failed = await deliver(type, pipe(["false"]), { message: MEGABYTES_30 });
  equal(failed.outcomes[0]?.result, "failed");
});

Deno.test("pipe() gives a big message whole", async () => {
  const { mailers } = await deliver(type, pipe(["wc", "-c"]), { message: MEGABYTES_30 });
  const trace = "Return-Path: <jane@example.org>\nDelivered-To: joe@example.net\n";
  equal(Number(mailers[0]?.output), MEGABYTES_30.size + trace.length);
});

Deno.test("pipe() keeps the beginning of a flood of output, and reads on", async () => {
  const flood = pipe(["head", "-c100000000", "/dev/zero"]);
  const { outcomes, mailers } = await deliver(type, flood);
  equal(outcomes[0]?.result, "delivered");
  equal(mailers[0]?.output?.length, 8192);
});

Deno.test("pipeType() bounds how many mailers run at once", async () => {
  await inDirectory(async (directory) => {
    const bounded = pipeType({ concurrency: 3 });
    // Counts the mailers that run, until 3 have been seen at once.
    const script = 'count() { ls "$1" | grep -c ^run; }; touch "$1/run$$"; n=$(count "$1"); ' +
      '[ $n -ge 3 ] && touch "$1/three"; while [ ! -e "$1/three" ]; do ' +
      'sleep 0.01; [ "$(count "$1")" -ge 3 ] && touch "$1/three"; done; rm "$1/run$$"; echo $n';
    const runs = await Promise.all(
      Array.from({ length: 12 }, () => deliver(bounded, sh(script, directory))),
    );
    for (const { outcomes, mailers } of runs) {
      equal(outcomes[0]?.result, "delivered");
      ok(Number(mailers[0]?.output) <= 3);
    }
  });
});

Deno.test("pipe() ends a mailer that takes too long, and its children", async () => {
  await inDirectory(async (directory) => {
    const script = "sleep 600 & echo $! > $1/child; echo $$ > $1/mailer; wait";
    const impatient = pipeType({ timeout: 1000 });
    const { outcomes, mailers } = await deliver(impatient, sh(script, directory));
    deepEqual(outcomes, [
      {
        result: "deferred",
        status: "4.3.0",
        reason: "mailer: took too long",
        scope: "destination",
      },
    ]);
    equal(mailers[0]?.status, "timeout");
    for (const name of ["child", "mailer"]) {
      const pid = Number(await Deno.readTextFile(`${directory}/${name}`));
      notEqual(pid, 0);
      await until(() => isDead(pid));
    }
  });
});

Deno.test("pipe() never shows the end of file to a mailer that has not got the whole message", async () => {
  await inDirectory(async (directory) => {
    const stalled = {
      size: 1000,
      async *read() {
        yield encode("Subject: half\r\n\r\n".repeat(5000));
        await new Promise(() => {});
      },
    };
    // TERM does not impress it; it would say so if its input ended.
    const script = "trap '' TERM; echo $$ > $1/mailer; cat >/dev/null; touch $1/whole";
    const { outcomes } = await deliver(
      pipeType({ killGrace: 200 }),
      pipe(["sh", "-c", script, "sh", directory], { timeout: 1000 }),
      { message: stalled },
    );
    equal(outcomes[0]?.result, "deferred");
    const pid = Number(await Deno.readTextFile(`${directory}/mailer`));
    await until(() => isDead(pid));
    deepEqual((await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name), ["mailer"]);
  });
});

Deno.test("pipe() defers when the message cannot be read to its end", async () => {
  const broken = {
    size: 1000,
    // deno-lint-ignore require-yield
    async *read() {
      throw await Promise.resolve(new Error("the disk is gone"));
    },
  };
  const { outcomes, mailers } = await deliver(type, pipe(["cat"]), { message: broken });
  deepEqual(outcomes, [{
    result: "deferred",
    status: "4.3.0",
    reason: "mailer: the message could not be read",
    cause: "the disk is gone",
  }]);
  equal(mailers[0]?.status, "message unreadable");
});

Deno.test("pipe() does not wait for a child that the mailer leaves behind", async () => {
  const start = performance.now();
  // The child holds all three of the mailer's streams and reads none of the message.
  const { outcomes, mailers } = await deliver(type, sh("exec 3<&0; sleep 20 <&3 & echo $!"), {
    message: MEGABYTES_30,
  });
  const pid = Number(mailers[0]?.output);
  try {
    equal(outcomes[0]?.result, "delivered");
    ok(performance.now() - start < 19_000);
    equal(await isDead(pid), false);
  } finally {
    Deno.kill(pid, "SIGKILL");
    await until(() => isDead(pid));
  }
});

Deno.test("pipe() ends the mailer when nobody waits for the delivery any more", async () => {
  await inDirectory(async (directory) => {
    const given = new AbortController();
    const script = "echo $$ > $1/new; mv $1/new $1/mailer; exec sleep 600";
    const single = pipeType({ concurrency: 1 });
    const mail = { recipients: ["a@x", "b@x"], signal: given.signal };
    const delivering = deliver(single, sh(script, directory), mail);
    await until(() => Deno.stat(`${directory}/mailer`).then(() => true, () => false));
    given.abort();
    const { outcomes, mailers } = await delivering;
    deepEqual(outcomes.map(({ result }) => result), ["deferred", "deferred"]);
    deepEqual(mailers.map(({ status }) => status), ["interrupted"]); // the other one never started
    const pid = Number(await Deno.readTextFile(`${directory}/mailer`));
    await until(() => isDead(pid));
  });
});

Deno.test("pipe() starts nothing before commit", async () => {
  await inDirectory(async (directory) => {
    const target = pipe(["touch", `${directory}/started`]);
    const { args } = target;
    const { signal } = new AbortController();
    const delivery = await type.open(args, { envelope: ENVELOPE, log: silent, signal });
    await delivery.recipient({ recipient: Mailbox.parse("joe@example.net"), target });
    await delivery.body(HELLO);
    await delivery.abort();
    deepEqual(await Array.fromAsync(Deno.readDir(directory)), []);
  });
});
