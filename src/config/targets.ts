/**
 * Where a configuration lets mail go.
 *
 * @module
 */
import type { Target } from "../handler/reply.ts";
import { discardType } from "../target/discard.ts";
import type { PipeSettings } from "../target/mailer.ts";
import { pipe, pipeType } from "../target/pipe.ts";
import { relayType } from "../target/relay.ts";
import { Targets, type TargetType } from "../target/target.ts";
import type { Settings } from "./schema.ts";

/** The targets of a site. Without `relay` in the configuration there is none that relays. */
export function discardAndPipe(mailer: Settings["mailer"], delimiter: string): Targets {
  return new Targets({
    discard: discardType,
    pipe: pipeType(treatment(mailer, delimiter)),
  });
}

/** The target that relays. Throws a TypeError for a command that cannot be run. */
export function relayBy(relay: NonNullable<Settings["relay"]>, delimiter: string): TargetType {
  return relayType({ ...treatment(relay, delimiter), command: relay.command });
}

/** The target of all local users. */
export function mailerTarget(mailer: Settings["mailer"]): Target {
  const { command, user, group } = mailer;
  return pipe(command, {
    maxRecipients: mailer["max-recipients"],
    nullSender: mailer["null-sender"],
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
  });
}

type Treatment = Pick<Settings["mailer"], "concurrency" | "timeout" | "kill-grace" | "output">;

function treatment(program: Treatment, delimiter: string): PipeSettings {
  const { concurrency, timeout, output } = program;
  return {
    concurrency,
    timeout,
    killGrace: program["kill-grace"],
    outputLimit: output,
    delimiter,
  };
}
