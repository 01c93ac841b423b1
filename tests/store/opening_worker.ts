/// <reference lib="deno.worker" />
/** Opens files of variables at the same moments as other threads, and says what went wrong. */
import { messageOf } from "../../src/base/message_of.ts";
import { Table } from "../../src/store/table.ts";

interface Asked {
  /** For each file, how many threads have come to it. */
  readonly gate: SharedArrayBuffer;
  readonly threads: number;
  readonly files: readonly string[];
}

self.onmessage = ({ data: { gate, threads, files } }: MessageEvent<Asked>) => {
  const all = new Int32Array(gate);
  const failures: string[] = [];
  for (const [i, file] of files.entries()) {
    Atomics.add(all, i, 1);
    while (Atomics.load(all, i) < threads);
    try {
      new Table(file).close();
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  self.postMessage(failures);
};
