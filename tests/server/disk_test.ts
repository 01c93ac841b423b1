import assert from "node:assert/strict";
import fc from "fast-check";
import { Blocks } from "../../src/server/blocks.ts";
import { Disk, MessageOnDisk } from "../../src/server/disk.ts";

Deno.test("Blocks gives out the first free block, and knows the last one in use", () => {
  const blocks = new Blocks();
  const taken = Array.from({ length: 200 }, () => blocks.take());
  assert.deepEqual(taken, [...taken.keys()]);
  for (const block of [150, 3, 199]) blocks.give(block);
  assert.equal(blocks.end, 199);
  assert.deepEqual([blocks.take(), blocks.take(), blocks.take()], [3, 150, 199]);
  for (let block = 100; block < 200; block++) blocks.give(block);
  assert.equal(blocks.end, 100);
  for (let block = 0; block < 100; block++) blocks.give(block);
  assert.deepEqual([blocks.end, blocks.take()], [0, 0]);
});

Deno.test("Blocks never gives out a block that is in use", () => {
  fc.assert(fc.property(fc.array(fc.nat(300), { maxLength: 500 }), (steps) => {
    const blocks = new Blocks();
    const used: number[] = [];
    for (const step of steps) {
      if (step % 2 === 0 || used.length === 0) {
        const block = blocks.take();
        assert.equal(used.includes(block), false);
        used.push(block);
      } else blocks.give(used.splice(step % used.length, 1)[0]!);
      assert.equal(blocks.end, Math.max(-1, ...used) + 1);
    }
  }));
});

/** What is read of a message. */
async function textOf(message: MessageOnDisk): Promise<string> {
  let text = "";
  for await (const chunk of message.read()) text += new TextDecoder().decode(chunk);
  return text;
}

/** The file of a disk, which has no name. */
function fileIn(directory: string): Deno.FileInfo | undefined {
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      if (Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith(`${directory}/postmaster-`)) {
        return Deno.statSync(`/proc/self/fd/${name}`);
      }
    } catch { /* that of the directory itself, which is closed by now */ }
  }
  return undefined;
}

const KIB = 1024;

Deno.test("messages that grow at once lie in one file, and none has a part of another", async () => {
  const directory = Deno.makeTempDirSync();
  const disk = new Disk(directory);
  const letters = [..."abcdefgh"];
  const messages = letters.map(() => new MessageOnDisk(disk));
  for (let round = 0; round < 40; round++) {
    for (const [i, letter] of letters.entries()) {
      messages[i]!.write(new TextEncoder().encode(letter.repeat(1000 * (i + 1) + round)));
    }
    if (round === 20) {
      messages[3]!.dispose();
      messages[3] = new MessageOnDisk(disk);
    }
  }
  for (const [i, letter] of letters.entries()) {
    const text = await textOf(messages[i]!);
    assert.equal(text, letter.repeat(messages[i]!.size));
  }
  assert.deepEqual([...Deno.readDirSync(directory)], []);
  for (const message of messages) message.dispose();
  Deno.removeSync(directory);
});

Deno.test("a file of messages shrinks when the last ones go, and is closed when all have gone", () => {
  const directory = Deno.makeTempDirSync();
  const disk = new Disk(directory);
  const [first, second, third] = [1, 2, 3].map(() => {
    const message = new MessageOnDisk(disk);
    message.write(new Uint8Array(600 * KIB));
    return message;
  });
  assert.equal(fileIn(directory)?.size, (6 * 256 + 600) * KIB);
  second!.dispose();
  assert.equal(fileIn(directory)?.size, (6 * 256 + 600) * KIB);
  third!.dispose();
  assert.equal(fileIn(directory)?.size, 3 * 256 * KIB);
  first!.dispose();
  assert.equal(fileIn(directory), undefined);
  Deno.removeSync(directory);
});

Deno.test("a message that was given up is read no further, whoever has its room by now", async () => {
  const disk = new Disk("/tmp");
  const message = new MessageOnDisk(disk);
  message.write(new Uint8Array(200 * KIB));
  const reader = message.read()[Symbol.asyncIterator]();
  await reader.next();
  message.dispose();
  message.dispose();
  const other = new MessageOnDisk(disk);
  other.write(new TextEncoder().encode("a secret"));
  await assert.rejects(Promise.resolve(reader.next()), /given up/);
  other.dispose();
});
