/** A thread for thread_test.ts. */
import { answerCalls } from "../../src/base/thread.ts";

const functions = {
  add: (one: number, other: number): number => one + other,
  fail: (): void => {
    throw new TypeError("it cannot be done");
  },
  wait: (milliseconds: number): void =>
    void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds),
  die: (): void =>
    queueMicrotask(() => {
      throw new Error("it is over");
    }),
};

export type TestFunctions = typeof functions;

answerCalls(functions);
