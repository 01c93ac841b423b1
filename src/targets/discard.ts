/**
 * The target that throws mail away.
 * @module
 */
import { z } from "zod";
import type { Target } from "../handler/reply.ts";
import { Arguments } from "./arguments.ts";
import type { Outcome, TargetType } from "./target.ts";

export const discardArguments = new Arguments("discard", z.strictObject({}));

/** Accepts the mail and throws it away. */
export const discard = (): Target => DISCARD;
const DISCARD = discardArguments.target({});

const DISCARDED: Outcome = { result: "delivered", reason: "discarded" };

/** The implementation of {@linkcode discard}. */
export const discardType: TargetType = {
  readsBody: false,
  deliver: "before-reply",
  faultIn: (args) => discardArguments.faultIn(args),
  open: () => {
    const outcomes: Outcome[] = [];
    return {
      recipient: () => void outcomes.push(DISCARDED),
      body: () => Promise.resolve(),
      commit: () => Promise.resolve(outcomes),
      abort: () => Promise.resolve(),
    };
  },
};
