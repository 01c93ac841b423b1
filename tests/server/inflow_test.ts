import assert from "node:assert/strict";
import { MessageAborted } from "../../src/handler/aborted.ts";
import { Inflow } from "../../src/server/inflow.ts";
import { Memory } from "../../src/message/memory.ts";
import { spool, SpoolFault, SpoolFile } from "../../src/message/spool.ts";

const plenty = () => new Memory(2 ** 30);
const KIB = new Uint8Array(1024);

Deno.test("Inflow is full beyond 128 KiB and says when it has drained", async () => {
  let drained = 0;
  const inflow = new Inflow(plenty(), () => drained++);
  for (let i = 0; i < 128; i++) inflow.push(KIB);
  assert.equal(inflow.full, false);
  inflow.push(KIB);
  assert.equal(inflow.full, true);
  assert.equal(drained, 0);
  await inflow.next();
  assert.equal(inflow.full, false);
  assert.equal(drained, 1);
});

Deno.test("Inflow is full at once while memory is, and says when nothing waits any more", async () => {
  let drained = 0;
  const memory = new Memory(2048);
  const inflow = new Inflow(memory, () => drained++);
  const other = memory.part();
  inflow.push(KIB);
  assert.equal(inflow.full, false);
  other.hold(1024);
  assert.equal(inflow.full, true);
  other.hold(0);
  assert.deepEqual([inflow.full, drained], [false, 0]);
  await inflow.next();
  assert.equal(drained, 1);
});

Deno.test("Inflow gives back the memory of what is read, left or aborted", async () => {
  const memory = new Memory(2048);
  const [read, left, aborted] = [1, 2, 3].map(() => new Inflow(memory, () => {}));
  for (const inflow of [read!, left!, aborted!]) inflow.push(KIB);
  assert.equal(memory.full, true);
  await read!.next();
  left!.return();
  aborted!.fail(new MessageAborted("gone"));
  const other = memory.part();
  other.hold(2047);
  assert.equal(memory.full, false);
});

Deno.test("Inflow gives what was pushed, in order, and then ends", async () => {
  const inflow = new Inflow(plenty(), () => {});
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
  const waiting = new Inflow(plenty(), () => {});
  const next = waiting.next();
  waiting.fail(new MessageAborted("gone"));
  await assert.rejects(next, MessageAborted);
  await assert.rejects(waiting.next(), MessageAborted);
});

Deno.test("Inflow keeps nothing that nobody will read, and tells who left how it ended", async () => {
  const leave = () => {
    const inflow = new Inflow(plenty(), () => {});
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
  const inflow = new Inflow(plenty(), () => {});
  const [next, left] = [inflow.next(), inflow.return()];
  assert.equal((await next).done, true);
  inflow.end();
  assert.equal((await left).done, true);
});

Deno.test("Inflow fails until its reader has seen the end", async () => {
  const inflow = new Inflow(plenty(), () => {});
  inflow.push(KIB);
  inflow.end();
  const { value, done } = await inflow.next();
  assert.deepEqual([value, done], [KIB, false]);
  const late = new Inflow(plenty(), () => {});
  late.end();
  assert.equal((await late.next()).done, true);
  assert.deepEqual([late.over, inflow.over], [true, false]);
  for (const one of [late, inflow]) one.fail(new MessageAborted("gone"));
  assert.equal((await late.next()).done, true);
  await assert.rejects(inflow.next(), MessageAborted);
});

Deno.test("Inflow puts octets together that come one by one and wait", async () => {
  const inflow = new Inflow(plenty(), () => {});
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
    const message = await spool(kibibytes(chunks), () => SpoolFile.unnamed("/tmp"), plenty());
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
  const { writeSync } = Deno.FsFile.prototype;
  for (const size of [1, 4, 1000, 100_000]) {
    let writes = 0;
    Deno.FsFile.prototype.writeSync = function (bytes) {
      writes++;
      return writeSync.call(this, bytes);
    };
    try {
      const message = await spool(body(size), () => SpoolFile.unnamed("/tmp"), plenty());
      assert.equal(message.size, 400_000);
      await message.dispose();
    } finally {
      Deno.FsFile.prototype.writeSync = writeSync;
    }
    assert.ok(writes > 0 && writes < 10, `${writes} writes of chunks of ${size} octets`);
  }
});

Deno.test("spool() tells a disk that fails from a message that does", async () => {
  await assert.rejects(
    spool(kibibytes(1000), () => SpoolFile.unnamed("/nonexistent"), plenty()),
    SpoolFault,
  );
});

Deno.test("spool() keeps a small message in memory while there is some, and else in a file", async () => {
  const memory = new Memory(3000);
  const first = await spool(kibibytes(3), () => SpoolFile.unnamed("/nonexistent"), memory);
  assert.equal(memory.full, true);
  await assert.rejects(
    spool(kibibytes(1), () => SpoolFile.unnamed("/nonexistent"), memory),
    SpoolFault,
  );
  const second = await spool(kibibytes(1), () => SpoolFile.unnamed("/tmp"), memory);
  assert.deepEqual(await Array.fromAsync(second.read()), [new Uint8Array(1024)]);
  await first.dispose();
  assert.equal(memory.full, false);
  await second.dispose();
});

Deno.test("spool() gives back the memory of a message that breaks off or moves to a file", async () => {
  const memory = new Memory(1024 * 1024);
  const broken = async function* () {
    yield* kibibytes(200);
    throw new MessageAborted("gone");
  };
  for (let n = 0; n < 10; n++) {
    await assert.rejects(spool(broken(), () => SpoolFile.unnamed("/tmp"), memory), MessageAborted);
    await (await spool(kibibytes(300), () => SpoolFile.unnamed("/tmp"), memory)).dispose();
  }
  memory.part().hold(1024 * 1024 - 1);
  assert.equal(memory.full, false);
});

Deno.test("spool() leaves nothing behind when the message breaks off", async () => {
  const directory = await Deno.makeTempDir();
  async function* body() {
    for (let i = 0; i < 1000; i++) yield await Promise.resolve(KIB);
    throw new MessageAborted("gone");
  }
  await assert.rejects(spool(body(), () => SpoolFile.unnamed(directory), plenty()), MessageAborted);
  assert.deepEqual([...Deno.readDirSync(directory)], []);
  await Deno.remove(directory);
});
