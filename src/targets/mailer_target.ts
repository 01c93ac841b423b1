/**
 * The target that hands mail to the mailer of the configuration.
 * @module
 */
import { z } from "zod";
import type { Target } from "../handler/reply.ts";
import { Arguments } from "./arguments.ts";
import type { TargetType } from "./target.ts";

export const mailerArguments = new Arguments("mailer", z.strictObject({}));

/**
 * Mail goes to the program that the configuration names as `mailer`; without a configuration, to procmail(1).
 * `{user}` is the user of the route: the local part of the recipient, if the route names none.
 *
 * ```ts
 * import { mailer, on, routeTo, say } from "postmaster";
 *
 * export default on("AddRcptTo", (event, next) =>
 *   event.mailbox.local === "sales"
 *     ? { ...say(2, 5, 0, "recipient ok", "2.1.5"), routes: [routeTo(event, mailer(), "joe")] }
 *     : next());
 * ```
 */
export function mailer(): Target {
  return mailerArguments.target({});
}

/**
 * The implementation of {@linkcode mailer}.
 *
 * @param args the arguments of the pipe that the mailer is
 * @param pipe the implementation of pipes, which does the work
 */
export function mailerType(args: Target["args"], pipe: TargetType): TargetType {
  return {
    readsBody: pipe.readsBody,
    faultIn: (given) => mailerArguments.faultIn(given) ?? pipe.faultIn(args),
    obstacleTo: () => pipe.obstacleTo?.(args),
    plan: (_, addressee) => pipe.plan?.(args, addressee) ?? "",
    destination: (_, addressee) => pipe.destination?.(args, addressee),
    open: (_, context) => pipe.open(args, context),
  };
}
