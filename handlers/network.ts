/**
 * Networks as options.
 *
 * @module
 */
import { kinds, Network } from "postmaster";
import type { z } from "zod";

/** An option that names a network in CIDR notation, or a single address. */
export const network: z.ZodType<Network, string> = kinds.text(
  "a network such as 192.0.2.0/24",
  Network.parse,
);
