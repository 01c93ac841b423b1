/**
 * The part of the schema that is about clients by where they connect from.
 * @module
 */
import { Network } from "../base/ip.ts";
import { type FromText, text } from "../base/kinds.ts";
import { UNIX } from "../net/peers.ts";

/** A network, or everyone who connects by a Unix socket. */
export const peer: FromText<Network | typeof UNIX> = text(
  "a network such as `10.0.0.0/8`, or `unix`",
  (written) => written === UNIX ? UNIX : Network.parse(written),
);
