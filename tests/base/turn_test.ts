import assert from "node:assert/strict";
import { createServer } from "node:net";
import { yieldToOthers } from "postmaster";

/** Asks a port again and again, and tells how many answers have come. */
const ASKS = `
onmessage = async ({ data: port }) => {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  for (let answers = 0; ; answers++) {
    postMessage(answers);
    await connection.write(Uint8Array.of(1));
    if (await connection.read(new Uint8Array(1)) === null) return close();
  }
};
`;

/** Works without a pause. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

Deno.test("who needs long, and lets others go on, keeps nobody waiting", async () => {
  const server = createServer((socket) => socket.pipe(socket));
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const asking = new Worker(URL.createObjectURL(new Blob([ASKS])), { type: "module" });
  let answers = 0;
  const begun = new Promise<void>((resolve) => {
    asking.onmessage = ({ data }) => {
      answers = data;
      if (answers > 0) resolve();
    };
  });
  const address = server.address();
  asking.postMessage(typeof address === "object" ? address?.port : undefined);
  await begun;
  const before = answers;
  for (let piece = 0; piece < 200; piece++) {
    work(3);
    await yieldToOthers();
  }
  const meanwhile = answers - before;
  asking.terminate();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(meanwhile >= 30, `${meanwhile} answers in 100 turns`);
});

Deno.test("who works for less than a turn is not held up", async () => {
  await yieldToOthers();
  let turns = 0;
  const timer = setTimeout(() => turns++, 0);
  for (let piece = 0; piece < 10; piece++) await yieldToOthers();
  clearTimeout(timer);
  assert.equal(turns, 0);
});
