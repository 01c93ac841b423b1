/**
 * Machines that differ from the one that runs the tests.
 *
 * @module
 */
import type { Host } from "../../../src/cli/init/host.ts";

/** As root sees a machine that has nothing. */
export const HOST: Host = {
  names: [],
  addresses: [],
  isRoot: true,
  self: "root",
  people: [],
  admin: undefined,
  serviceUser: undefined,
  mailers: [],
  systemd: false,
};
