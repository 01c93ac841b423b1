/**
 * The thread that watches the start of a server.
 *
 * @module
 */

/** Milliseconds that a step may take without a word, and between two words. */
const PATIENCE = 5000;

/** Is told what the server does now, in words. */
const thread = globalThis as unknown as Pick<Worker, "onmessage">;
let timer: ReturnType<typeof setInterval> | undefined;

thread.onmessage = ({ data }: MessageEvent<string>) => {
  clearInterval(timer);
  const since = Date.now();
  timer = setInterval(() => {
    const seconds = Math.round((Date.now() - since) / 1000);
    console.error(`postmaster: the start waits, for ${seconds} seconds now, for ${data}`);
  }, PATIENCE);
};
