/**
 * The target that throws mail away.
 *
 * @module
 */
import { sealTarget, type Target } from "../handler/reply.ts";
import type { Outcome, TargetType } from "./target.ts";

/** Accepts the mail and throws it away. */
export const discard = (): Target => DISCARD;
const DISCARD = sealTarget({ target: "discard", args: {} });

const DISCARDED: Outcome = { result: "delivered", reason: "discarded" };

/** The implementation of {@linkcode discard}. */
export const discardType: TargetType = {
  readsBody: false,
  faultIn: () => undefined,
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
