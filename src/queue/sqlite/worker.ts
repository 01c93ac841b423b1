/**
 * A thread with the queue's file: one writes, another one reads for operators, so that no commit waits for them.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../base/message_of.ts";
import { type FaultKind, kindOf } from "./faults.ts";
import { openToRead } from "./open.ts";
import { fileIn } from "./places.ts";
import { find, head, meant, stats, trace } from "./search.ts";
import type { Committed, Table, WrittenBatch } from "./table.ts";
import { checkpoint } from "./upkeep.ts";
import { type Answer, Writer } from "./writer.ts";

/** What a thread can do. */
export interface Operations {
  /** Opens the file to write: those that were active wait. */
  open(): void;
  /** Uses the file again after a fault. */
  mend(): void;
  commit(batch: WrittenBatch): Committed;
  claim(...args: Parameters<Table["claim"]>): ReturnType<Table["claim"]>;
  load(...args: Parameters<Table["load"]>): ReturnType<Table["load"]>;
  nextDue(): ReturnType<Table["nextDue"]>;
  recall(...args: Parameters<Table["recall"]>): void;
  purge(...args: Parameters<Table["purge"]>): number;
  change(...args: Parameters<Writer["change"]>): ReturnType<Writer["change"]>;
  files(): string[];
  tidy(): boolean;
  /** These open the file to read, if it is not open. */
  checkpoint(): void;
  find(...args: Rest<typeof find>): ReturnType<typeof find>;
  meant(...args: Rest<typeof meant>): ReturnType<typeof meant>;
  stats(): ReturnType<typeof stats>;
  head(...args: Rest<typeof head>): ReturnType<typeof head>;
  trace(...args: Rest<typeof trace>): ReturnType<typeof trace>;
  close(): void;
}
type Rest<F extends (db: DatabaseSync, ...rest: never[]) => unknown> = F extends
  (db: DatabaseSync, ...rest: infer R) => unknown ? R : never;

/** What a thread is given first. */
export interface Start {
  readonly directory: string;
  readonly port: MessagePort;
}
/** What an operation is asked. */
export interface Request {
  readonly name: keyof Operations;
  readonly args: readonly unknown[];
}
/** What came of it. */
export type Response = { readonly value: unknown } | {
  readonly error: string;
  readonly kind: FaultKind;
};

let directory = "";
let writer: Writer | undefined;
let reader: DatabaseSync | undefined;

/** Why nothing is written at the moment. */
let fault: string | undefined = "it is not open";

const writing = (): Writer => {
  if (writer === undefined || fault !== undefined) throw new Error(fault);
  return writer;
};
const reading = (): DatabaseSync => reader ??= openToRead(directory);

const operations: Omit<Operations, "commit"> = {
  open: () => {
    writer = new Writer(directory);
    fault = undefined;
    writer.table.recover();
  },
  mend: () => {
    writer ??= new Writer(directory);
    writer.mend();
    fault = undefined;
  },
  claim: (...args) => writing().withRoom(() => writing().table.claim(...args)),
  load: (...args) => writing().table.load(...args),
  nextDue: () => writing().table.nextDue(),
  recall: (...args) => writing().withRoom(() => writing().table.recall(...args)),
  purge: (...args) => writing().withRoom(() => writing().table.purge(...args)),
  change: (...args) => writing().change(...args),
  files: () => writing().files(),
  tidy: () => writing().tidy(),
  checkpoint: () => {
    checkpoint(reading());
    checkpoint(reading()); // what came meanwhile, so that there is little left for the writer
  },
  find: (...args) => find(reading(), ...args),
  meant: (...args) => meant(reading(), ...args),
  stats: () => stats(reading()),
  head: (...args) => head(reading(), ...args),
  trace: (...args) => trace(reading(), ...args),
  close: () => {
    closeReader();
    writer?.[Symbol.dispose]();
    writer = undefined;
  },
};

function closeReader(): void {
  reader?.close();
  reader = undefined;
}

/** Batches that share a transaction at most: the first of them does not wait for long. */
const MOST = 64;

/** Answers requests in their order. Commits that came together share a transaction. */
function answer(requests: readonly Request[], say: (responses: readonly Response[]) => void): void {
  for (let i = 0; i < requests.length;) {
    const first = requests[i]!;
    const batches: WrittenBatch[] = [];
    while (batches.length < MOST && requests[i]?.name === "commit") {
      batches.push(requests[i++]!.args[0] as WrittenBatch);
    }
    if (batches.length > 0) {
      say(commitAll(batches));
    } else {
      say([responseOf(first)]);
      i++;
    }
  }
}

function commitAll(batches: readonly WrittenBatch[]): Response[] {
  let answers: readonly Answer[];
  try {
    answers = writing().commit(batches);
  } catch (error) {
    answers = batches.map(() => error as Error);
  }
  return answers.map((one) =>
    one instanceof Error ? faultOf(one, `${fileIn(directory)}: `) : { value: one }
  );
}

function responseOf({ name, args }: Request): Response {
  try {
    const operation = operations[name as keyof typeof operations];
    return { value: (operation as (...args: readonly unknown[]) => unknown)(...args) };
  } catch (error) {
    return faultOf(error, name === "open" ? "" : `${fileIn(directory)}: `);
  }
}

/**
 * After a fault nothing is written until it is mended. The file stays open: only this connection knows where the log ends
 * that can be trusted.
 */
function faultOf(error: unknown, where: string): Response {
  const kind = fault === undefined || reader !== undefined ? kindOf(error) : "fault";
  if (kind === "fault") {
    if (writer !== undefined) fault ??= `it failed before: ${messageOf(error)}`;
    closeReader();
  }
  return { error: where + messageOf(error), kind };
}

const thread = globalThis as unknown as Pick<Worker, "onmessage">;
thread.onmessage = ({ data }: MessageEvent<Start>) => {
  const { port } = data;
  directory = data.directory;
  port.onmessage = ({ data }: MessageEvent<readonly Request[]>) =>
    answer(data, (responses) => port.postMessage(responses));
};
