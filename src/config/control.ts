/**
 * The part of the schema that is about the control socket, by which operators reach a running server.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { location, options } from "../base/kinds.ts";
import { GROUP } from "../base/passwd.ts";
import { account } from "./accounts.ts";

/** What a configuration says of the control socket. */
export interface ControlSettings {
  /** The path of the socket. */
  readonly socket?: string | undefined;
  /** The operators' group. */
  readonly group?: string | number | undefined;
}

export const controlSchema: z.ZodType<ControlSettings, unknown> = options({
  socket: location.optional().describe(
    "The path of the socket. The default is `control.sock` in the state directory.",
  ).meta({ examples: ["/run/postmaster/control.sock"] }),
  group: account(GROUP).optional().describe(
    "The group whose members may use the socket, besides root and the server's user. The server's " +
      "user must be a member of it, or the socket must be in a directory of root's.",
  ).meta({ examples: ["operators"] }),
});

/** The path of the control socket. */
export const controlSocket = ({ socket }: ControlSettings, stateDirectory: string): string =>
  socket ?? join(stateDirectory, "control.sock");
