/**
 * Where a configuration lets mail go.
 * @module
 */
import type { Target } from "../handler/reply.ts";
import { discardType } from "../targets/discard.ts";
import type { Launch } from "../targets/launch.ts";
import type { PipeSettings } from "../targets/mailer.ts";
import { mailerType } from "../targets/mailer_target.ts";
import { pipe, pipeType } from "../targets/pipe.ts";
import { relayType } from "../targets/relay.ts";
import { Targets, type TargetType } from "../targets/target.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { MailerSettings, RelaySettings } from "./programs.ts";
import { forwardedAs } from "./srs.ts";

/** The targets of a site. Without `relay` in the configuration there is none that relays. */
export function targetsOf(
  { mailer, relay, domains }: {
    readonly mailer: MailerSettings;
    readonly relay?: RelaySettings | undefined;
    readonly domains: readonly string[];
  },
  launch?: Launch,
): Targets {
  const targets = localTargets(mailer, launch);
  if (relay !== undefined) targets.define("relay", relayBy(relay, domains, launch));
  return targets;
}

/** Those of a site that does not relay. Throws a TypeError for a mailer that cannot be run. */
export function localTargets(mailer: MailerSettings, launch?: Launch): Targets {
  const type = pipeType(treatment(mailer), launch);
  const { deliver } = mailer;
  return new Targets({
    discard: discardType,
    mailer: { ...mailerType(pipeOf(mailer).args, type), deliver },
    pipe: type,
  });
}

/**
 * The target that relays. Throws a TypeError for a command that cannot be run.
 *
 * @param domains the local domains, whose senders are not rewritten
 */
export function relayBy(
  relay: RelaySettings,
  domains: readonly string[] = [],
  launch?: Launch,
): TargetType {
  const { command, srs, deliver } = relay;
  const forwardAs = srs &&
    ((sender: Mailbox) => forwardedAs(srs, domains, sender, Date.now()));
  return { ...relayType({ ...treatment(relay), command, forwardAs }, launch), deliver };
}

function pipeOf(mailer: MailerSettings): Target {
  const { command, user, group } = mailer;
  return pipe(command, {
    maxRecipients: mailer.maxRecipients,
    nullSender: mailer.nullSender,
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
  });
}

function treatment(program: MailerSettings | RelaySettings): PipeSettings {
  const { concurrency, timeout, killGrace, output } = program;
  return { concurrency, timeout, killGrace, outputLimit: output };
}
