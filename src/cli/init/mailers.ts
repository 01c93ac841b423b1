/**
 * The programs that can deliver to local users.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { PATH } from "../../target/identity.ts";

/** The names by which `--mailer` knows them. */
export const MAILERS = ["procmail", "maildrop", "dovecot-lda", "maildir"] as const;
/** One of them. */
export type MailerName = typeof MAILERS[number];

/** A mailer as the configuration has it. */
export interface Mailer {
  readonly command: readonly string[];
  /** Where its mail is found, as a sentence. */
  readonly where: string;
  /** It becomes the recipient by itself, which only root can do. */
  readonly asRoot?: boolean;
}

/** Where programs of these names are; distributions do not agree on Dovecot's. */
const PLACES: Readonly<Partial<Record<MailerName, readonly string[]>>> = {
  procmail: onPath("procmail"),
  maildrop: onPath("maildrop"),
  "dovecot-lda": [
    ...onPath("dovecot-lda"),
    "/usr/lib/dovecot/dovecot-lda",
    "/usr/libexec/dovecot/dovecot-lda",
  ],
};

/** The paths at which the server finds a program. */
function onPath(program: string): string[] {
  return PATH.split(":").map((directory) => `${directory}/${program}`);
}

/** Mailers that are installed, and their paths. */
export type InstalledMailers = ReadonlyMap<MailerName, string>;

/** The mailers of this machine, the preferred first. */
export function installedMailers(): InstalledMailers {
  const found = MAILERS.map((name) =>
    [name, PLACES[name]?.find((path) => existsSync(path))] as const
  );
  return new Map(found.flatMap(([name, path]) => path === undefined ? [] : [[name, path]]));
}

/**
 * Delivers to a Maildir, with what every Unix has: a message is on the disk before it is seen, and what goes
 * wrong may be better next time (75, EX_TEMPFAIL).
 */
const TO_MAILDIR = 'umask 077 && mkdir -p "$1/cur" "$1/new" "$1/tmp" && cat > "$1/tmp/$2.$$" && ' +
  'sync "$1/tmp/$2.$$" && mv "$1/tmp/$2.$$" "$1/new/" && sync "$1/new" || exit 75';

/**
 * A mailer by its name.
 *
 * @param directory where Maildirs would be: one for each user
 */
export function mailer(
  name: MailerName,
  installed: InstalledMailers,
  directory: string,
): Mailer {
  switch (name) {
    case "procmail":
      return {
        command: ["procmail", "-Y", "-f", "{sender}", "-d", "{user}"],
        where:
          "It delivers to the system's mailbox, mostly /var/mail/USER, and goes by ~/.procmailrc.",
      };
    case "maildrop":
      return {
        command: ["maildrop", "-d", "{user}"],
        asRoot: true,
        where:
          "It delivers to the system's mailbox, mostly /var/mail/USER, and goes by ~/.mailfilter.",
      };
    case "dovecot-lda":
      return {
        command: [installed.get(name) ?? name, "-f", "{sender}", "-d", "{user}"],
        asRoot: true,
        where: "It delivers to where Dovecot serves the mail of its users from.",
      };
    case "maildir":
      return {
        command: [
          "/bin/sh",
          "-c",
          TO_MAILDIR,
          "sh",
          `${directory.replace(/[{}]/g, "$&$&")}/{user}`,
          "{queue-id}",
        ],
        where: `Each message becomes a file in ${directory}/USER/new, a Maildir: ` +
          "`mutt -f` and IMAP servers read it.",
      };
  }
}
