/**
 * The programs that can deliver to local users.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { PATH } from "../../targets/identity.ts";

/** The names by which `--mailer` knows them. */
export const MAILERS = ["procmail", "maildrop", "maildir"] as const;
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

/** The programs that this machine may have; a Maildir needs none. */
const PROGRAMS: readonly MailerName[] = ["procmail", "maildrop"];

/** The programs of this machine, the preferred first: those that the server finds. */
export function installedMailers(): MailerName[] {
  return PROGRAMS.filter((name) =>
    PATH.split(":").some((directory) => existsSync(`${directory}/${name}`))
  );
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
export function mailer(name: MailerName, directory: string): Mailer {
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
