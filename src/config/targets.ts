/**
 * Where a configuration lets mail go.
 * @module
 */
import type { Target } from "../handler/reply.ts";
import { printHop } from "../client/hop.ts";
import { CachingResolver, type ResolverOptions } from "../dns/caching_resolver.ts";
import { lmtpType } from "../relay/lmtp.ts";
import type { Sender } from "../relay/sender.ts";
import { smtpRelayType } from "../relay/smtp_relay.ts";
import { discardType } from "../targets/discard.ts";
import type { Launch } from "../targets/launch.ts";
import type { PipeSettings } from "../targets/mailer.ts";
import { mailerType } from "../targets/mailer_target.ts";
import { type Program, RECIPIENT } from "../targets/launch.ts";
import { maildir, maildirArguments, maildirType } from "../targets/maildir.ts";
import { mbox, mboxArguments, mboxType } from "../targets/mbox.ts";
import { lmtp } from "../targets/lmtp.ts";
import { pipe, pipeArguments, pipeType } from "../targets/pipe.ts";
import { relayType } from "../targets/relay.ts";
import { Targets, type TargetType } from "../targets/target.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { MailerSettings } from "./programs.ts";
import type { CommandRelay, RelaySettings, SmtpRelay } from "./relay.ts";
import { plannerOf } from "./relaying.ts";
import type { SendingSettings } from "./sending.ts";
import { forwardedAs } from "./srs.ts";

/** The targets of a site. Without `relay` in the configuration there is none that relays. */
export function targetsOf(
  config: {
    readonly mailer: MailerSettings;
    readonly relay?: RelaySettings | undefined;
    readonly domains: readonly string[];
  } & SendingSettings,
  launch?: Launch,
  sender?: () => Sender,
): Targets {
  const { mailer, relay, domains, dns } = config;
  const targets = localTargets(mailer, launch, dns);
  if (relay === undefined) return targets;
  const type = "command" in relay
    ? relayBy(relay, domains, launch)
    : smtpRelay(relay, domains, sender ?? once(() => plannerOf(config, relay)));
  targets.define("relay", type);
  return targets;
}

/** The target that sends mail on by SMTP. */
const smtpRelay = (
  { srs, deliver }: SmtpRelay,
  domains: readonly string[],
  sender: () => Sender,
): TargetType => ({ ...smtpRelayType({ sender, forwardAs: forwarding(srs, domains) }), deliver });

function once<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => (made ??= { it: make() }).it;
}

/** How the senders of forwarded mail are rewritten, if they are. */
const forwarding = (srs: RelaySettings["srs"], domains: readonly string[]) =>
  srs && ((sender: Mailbox) => forwardedAs(srs, domains, sender, Date.now()));

/** Those of a site that does not relay. Throws a TypeError for a mailer that cannot be run. */
export function localTargets(
  mailer: MailerSettings,
  launch?: Launch,
  dns?: ResolverOptions,
): Targets {
  const how = treatment(mailer);
  const types = {
    maildir: maildirType(how, launch),
    mbox: mboxType(how, launch),
    pipe: pipeType(how, launch),
    lmtp: lmtpType({
      concurrency: mailer.concurrency,
      resolver: () => new CachingResolver(dns),
    }),
  };
  const { kind, args } = deliveryOf(mailer);
  return new Targets({
    ...types,
    discard: discardType,
    mailer: { ...mailerType(args, types[kind]), deliver: mailer.deliver },
  });
}

/**
 * The target that relays. Throws a TypeError for a command that cannot be run.
 *
 * @param domains the local domains, whose senders are not rewritten
 */
export function relayBy(
  relay: CommandRelay,
  domains: readonly string[] = [],
  launch?: Launch,
): TargetType {
  const { command, srs, deliver } = relay;
  const forwardAs = forwarding(srs, domains);
  return { ...relayType({ ...treatment(relay), command, forwardAs }, launch), deliver };
}

/** What runs to deliver to local users; `undefined` if nothing does. */
export function mailerProgram(
  mailer: MailerSettings,
): Program & { readonly maxRecipients: number } | undefined {
  const { kind, args } = deliveryOf(mailer);
  if (kind === "lmtp") return undefined;
  if (kind === "pipe") return pipeArguments.read(args);
  const { user, group, template } = (kind === "maildir" ? maildirArguments : mboxArguments).read(
    args,
  );
  return { user, group, template, maxRecipients: 1 };
}

/** What the mailer does, as one of the targets. */
function deliveryOf(
  mailer: MailerSettings,
): { readonly kind: "pipe" | "maildir" | "mbox" | "lmtp"; readonly args: Target["args"] } {
  const { command, user, group } = mailer;
  const as = (user: string | number | undefined) => ({
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
  });
  const own = as(user ?? RECIPIENT);
  if (mailer.maildir !== undefined) {
    const { quota, ...rest } = mailer.maildir;
    const { args } = maildir({ ...rest, ...(quota === undefined ? {} : { quota }), ...own });
    return { kind: "maildir", args };
  }
  if (mailer.mbox !== undefined) {
    return { kind: "mbox", args: mbox({ path: mailer.mbox, ...own }).args };
  }
  if (mailer.lmtp !== undefined) {
    return { kind: "lmtp", args: lmtp({ to: printHop(mailer.lmtp) }).args };
  }
  const { maxRecipients, nullSender } = mailer;
  return { kind: "pipe", args: pipe(command, { maxRecipients, nullSender, ...as(user) }).args };
}

function treatment(program: MailerSettings | CommandRelay): PipeSettings {
  const { concurrency, timeout, killGrace, output } = program;
  return { concurrency, timeout, killGrace, outputLimit: output };
}
