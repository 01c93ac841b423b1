/**
 * An Exim that sends one message. Debian's package replaces Postfix, so that `.ci/run` unpacks the package into
 * `/opt/exim` instead of installing it.
 *
 * @module
 */
import { runClient } from "../clients.ts";
import { need, needFile, needRoot } from "../need.ts";
import { Directory } from "../running.ts";

/** The program. */
export const EXIM = "/opt/exim/usr/sbin/exim4";
const USER = "Debian-exim";

/** Spread into the definition of a test that runs Exim. */
export const needExim = (...programs: readonly string[]): { ignore: boolean } => ({
  ignore: need(...programs).ignore || needFile(EXIM, ".ci/run unpacks it").ignore ||
    needRoot().ignore,
});

/** Makes the directories of an Exim in this one, and gives the options that it must have. */
export function prepareExim(directory: Directory, hostname: string): string {
  Deno.chmodSync(directory.path, 0o755);
  const places = ["spool", "log"].map((name) => directory.of(name));
  for (const place of places) Deno.mkdirSync(place);
  new Deno.Command("chown", { args: [USER, ...places] }).outputSync();
  return `exim_path = ${EXIM}
exim_user = ${USER}
spool_directory = ${directory.of("spool")}
log_file_path = ${directory.of("log")}/%slog
primary_hostname = ${hostname}
keep_environment =
smtputf8_advertise_hosts = *`;
}

/** The routers and transports for all mail for a domain, sent by SMTP to a port with these options. */
export const bySmtp = (port: number, options: readonly string[]): string =>
  `begin routers
there:
  driver = manualroute
  domains = example.net
  route_list = * 127.0.0.1
  self = send
  transport = there

begin transports
there:
  driver = smtp
  port = ${port}
  allow_localhost
  ${options.join("\n  ")}
`;

/** Sends a message with SMTPUTF8 by an Exim that has these routers and transports, and gives its log. */
export async function sendByExim(
  routers: string,
  recipients: readonly string[],
  message: string,
  sender = "ann@example.org",
): Promise<string> {
  using directory = new Directory();
  const configuration = directory.write(
    "exim.conf",
    `${prepareExim(directory, "client.example.org")}
acl_smtp_rcpt = all

begin acl
all:
  accept

${routers}
begin retry
* * F,1h,10m
`,
  );
  const session = [
    "EHLO localhost",
    `MAIL FROM:<${sender}> SMTPUTF8 BODY=8BITMIME`,
    ...recipients.map((recipient) => `RCPT TO:<${recipient}>`),
    "DATA",
    `${message.replaceAll(/^\./gm, "..").replaceAll("\n", "\r\n")}.`,
    "QUIT\r\n",
  ];
  await runClient(EXIM, ["-C", configuration, "-odi", "-bs"], session.join("\r\n"));
  return directory.read("log/mainlog");
}
