/**
 * An Exim that sends one message. Debian's package replaces Postfix, so that `.ci/run` unpacks the package into
 * `/opt/exim` instead of installing it.
 *
 * @module
 */
import { runClient } from "../clients.ts";
import { needFile, needRoot } from "../need.ts";
import { Directory } from "../running.ts";

const EXIM = "/opt/exim/usr/sbin/exim4";
const USER = "Debian-exim";

/** Spread into the definition of a test that runs Exim. */
export const needExim = (): { ignore: boolean } => ({
  ignore: needFile(EXIM, ".ci/run unpacks it").ignore || needRoot().ignore,
});

/** What Exim sends, and how. */
export interface EximMail {
  readonly port: number;
  /** Options of Exim's transport `smtp`. */
  readonly transport?: readonly string[];
  /** Options of its main section. */
  readonly main?: readonly string[];
  readonly recipients: readonly string[];
  readonly message: string;
}

/** Sends a message by Exim, and gives its log. */
export async function sendByExim(mail: EximMail): Promise<string> {
  using directory = new Directory();
  Deno.chmodSync(directory.path, 0o755);
  for (const name of ["spool", "log"]) Deno.mkdirSync(directory.of(name));
  await runClient("chown", [USER, directory.of("spool"), directory.of("log")]);
  const configuration = directory.write("exim.conf", configurationFor(mail, directory));
  const envelope = ["-f", "ann@example.org", "--", ...mail.recipients];
  await runClient(EXIM, ["-C", configuration, "-odi", "-oi", ...envelope], mail.message);
  return directory.read("log/mainlog");
}

const configurationFor = (
  { port, transport = [], main = [] }: EximMail,
  directory: Directory,
): string =>
  `exim_path = ${EXIM}
exim_user = ${USER}
spool_directory = ${directory.of("spool")}
log_file_path = ${directory.of("log")}/%slog
primary_hostname = client.example.org
keep_environment =
${main.join("\n")}

begin routers
bounces:
  driver = redirect
  senders = :
  data = :blackhole:
all:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = smtp

begin transports
smtp:
  driver = smtp
  port = ${port}
  allow_localhost
  ${transport.join("\n  ")}

begin retry
* * F,1h,10m
`;
