import assert from "node:assert/strict";
import { MessageAborted } from "../../src/handler/aborted.ts";
import { Inflow } from "../../src/server/inflow.ts";
import { spool, SpoolFault } from "../../src/server/spool.ts";

const KIB = new Uint8Array(1024);

Deno.test("Inflow is full beyond 128 KiB and says when it has drained", async () => {
  let drained = 0;
  const inflow = new Inflow(() => drained++);
  for (let i = 0; i < 128; i++) inflow.push(KIB);
  assert.equal(inflow.full, false);
  inflow.push(KIB);
  assert.equal(inflow.full, true);
  assert.equal(drained, 0);
  await inflow.next();
  assert.equal(inflow.full, false);
  assert.equal(drained, 1);
});

Deno.test("Inflow gives what was pushed, in order, and then ends", async () => {
  const inflow = new Inflow(() => {});
  inflow.push(Uint8Array.of(1));
  inflow.push(Uint8Array.of(2));
  queueMicrotask(() => {
    inflow.push(Uint8Array.of(3));
    inflow.end();
  });
  const seen: number[] = [];
  for await (const chunk of inflow) seen.push(...chunk);
  assert.deepEqual(seen, [1, 2, 3]);
});

Deno.test("Inflow throws at its reader when the message is aborted, waiting or not", async () => {
  const waiting = new Inflow(() => {});
  const next = waiting.next();
  waiting.fail(new MessageAborted("gone"));
  await assert.rejects(next, MessageAborted);
  await assert.rejects(waiting.next(), MessageAborted);
});

Deno.test("Inflow keeps nothing that nobody will read, and tells who left how it ended", async () => {
  const leave = () => {
    const inflow = new Inflow(() => {});
    inflow.push(KIB);
    const left = inflow.return();
    for (let i = 0; i < 1000; i++) inflow.push(KIB);
    assert.equal(inflow.full, false);
    return { inflow, left };
  };
  const complete = leave();
  complete.inflow.end();
  assert.equal((await complete.left).done, true);
  const broken = leave();
  broken.inflow.fail(new MessageAborted("gone"));
  await assert.rejects(broken.left, MessageAborted);
});

Deno.test("Inflow leaves nobody waiting for a chunk who has left", async () => {
  const inflow = new Inflow(() => {});
  const [next, left] = [inflow.next(), inflow.return()];
  assert.equal((await next).done, true);
  inflow.end();
  assert.equal((await left).done, true);
});

Deno.test("Inflow fails until its reader has seen the end", async () => {
  const inflow = new Inflow(() => {});
  inflow.push(KIB);
  inflow.end();
  const { value, done } = await inflow.next();
  assert.deepEqual([value, done], [KIB, false]);
  const late = new Inflow(() => {});
  late.end();
  assert.equal((await late.next()).done, true);
  assert.deepEqual([late.over, inflow.over], [true, false]);
  for (const one of [late, inflow]) one.fail(new MessageAborted("gone"));
  assert.equal((await late.next()).done, true);
  await assert.rejects(inflow.next(), MessageAborted);
});

Deno.test("Inflow puts octets together that come one by one and wait", async () => {
  const inflow = new Inflow(() => {});
  for (let i = 0; i < 100_000; i++) inflow.push(Uint8Array.of(i));
  inflow.end();
  let octets = 0, chunks = 0;
  for await (const chunk of inflow) {
    chunks++;
    for (const byte of chunk) assert.equal(byte, octets++ & 255);
  }
  assert.equal(octets, 100_000);
  assert.ok(chunks < 20, `${chunks} chunks`);
});

async function* kibibytes(count: number) {
  for (let i = 0; i < count; i++) yield await Promise.resolve(new Uint8Array(1024).fill(i));
}

Deno.test("spool() keeps a message of any size and gives it out again and again", async () => {
  for (const chunks of [0, 1, 256, 257, 5000]) {
    const message = await spool(kibibytes(chunks), "/tmp");
    assert.equal(message.size, chunks * 1024);
    const read = async () => {
      let at = 0;
      for await (const chunk of message.read()) {
        for (const byte of chunk) assert.equal(byte, (at++ >> 10) & 255);
      }
      return at;
    };
    assert.deepEqual(await Promise.all([read(), read()]), [message.size, message.size]);
    await message.dispose();
  }
});

Deno.test("spool() writes to its file as often as the octets need, however they come", async () => {
  async function* body(size: number) {
    for (let i = 0; i < 400_000 / size; i++) yield await Promise.resolve(new Uint8Array(size));
  }
  const { write } = Deno.FsFile.prototype;
  for (const size of [1, 4, 1000, 100_000]) {
    let writes = 0;
    Deno.FsFile.prototype.write = function (bytes) {
      writes++;
      return write.call(this, bytes);
    };
    try {
      const message = await spool(body(size), "/tmp");
      assert.equal(message.size, 400_000);
      await message.dispose();
    } finally {
      Deno.FsFile.prototype.write = write;
    }
    assert.ok(writes > 0 && writes < 10, `${writes} writes of chunks of ${size} octets`);
  }
});

Deno.test("spool() tells a disk that fails from a message that does", async () => {
  await assert.rejects(spool(kibibytes(1000), "/nonexistent"), SpoolFault);
});

Deno.test("spool() leaves nothing behind when the message breaks off", async () => {
  const directory = await Deno.makeTempDir();
  async function* body() {
    for (let i = 0; i < 1000; i++) yield await Promise.resolve(KIB);
    throw new MessageAborted("gone");
  }
  await assert.rejects(spool(body(), directory), MessageAborted);
  assert.deepEqual([...Deno.readDirSync(directory)], []);
  await Deno.remove(directory);
});
