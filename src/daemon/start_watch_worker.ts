/**
 * The thread that watches the start of a server.
 * @module
 */

/** Milliseconds until a step is reported, and between two reports. */
const PATIENCE = 5000;

/** Receives the name of each step. */
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
