/**
 * An OpenSMTPD that takes mail, and gives it to a server for LMTP. Debian's package replaces Postfix, so that `.ci/run`
 * unpacks it into `/opt/opensmtpd`; what is compiled into it is there in a file system that only it sees.
 *
 * @module
 */
import { needFile, needOwnMounts } from "../need.ts";
import { freePort, isListening } from "../ports.ts";
import { Directory, until } from "../running.ts";

const UNPACKED = "/opt/opensmtpd";
const SMTPD = `${UNPACKED}/usr/sbin/smtpd`;

/** Spread into the definition of a test that runs OpenSMTPD. */
export const needOpenSmtpd = (): { ignore: boolean } => ({
  ignore: needFile(SMTPD, ".ci/run unpacks it").ignore || needOwnMounts().ignore,
});

const PREPARE = `set -e
cd "$1"
for file in passwd group; do cp /etc/$file $file; done
id=64911
for user in opensmtpd opensmtpq; do
  echo "$user:x:$id:$id::/var/lib/opensmtpd/empty:/usr/sbin/nologin" >>passwd
  echo "$user:x:$id:" >>group
  id=$((id + 1))
done
for file in passwd group; do mount --bind $file /etc/$file; done
for place in /var/spool /var/lib /usr/libexec /run; do mount -t tmpfs -o mode=755 tmpfs $place; done
mkdir -p /var/lib/opensmtpd/empty /usr/libexec/opensmtpd
mkdir -m 711 /var/spool/smtpd
mount --bind ${UNPACKED}/usr/libexec/opensmtpd /usr/libexec/opensmtpd
chown root:root smtpd.conf && chmod 600 smtpd.conf
exec ${SMTPD} -d -f "$1/smtpd.conf" >log 2>&1
`;

/** A running one, for mail for `example.org`. Unpacked so, it makes no handshake of TLS with anybody. */
export class OpenSmtpdServer implements AsyncDisposable {
  readonly port: number = freePort();
  readonly #directory = new Directory();
  readonly #child: Deno.ChildProcess;

  private constructor(lmtp: number, name: string) {
    const directory = this.#directory;
    directory.write(
      "smtpd.conf",
      `smtp max-message-size 10M
mta limit ${
        ["host", "source", "connector", "relay", "domain", "route"].map((one) =>
          `conn-delay-${one} 0`
        ).join(" ")
      } reconn-delay-route 0
listen on 127.0.0.1 port ${this.port} hostname ${name}
action "there" relay host lmtp://127.0.0.1:${lmtp}
match from any for domain "example.org" action "there"
`,
    );
    this.#child = new Deno.Command("unshare", {
      args: [
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "sh",
        "-c",
        PREPARE,
        "sh",
        directory.path,
      ],
      ...{ stdin: "null", stdout: "null", stderr: "inherit" },
    }).spawn();
  }

  static async start(lmtp: number, name: string): Promise<OpenSmtpdServer> {
    const server = new OpenSmtpdServer(lmtp, name);
    await until(() => `OpenSMTPD listens: ${server.log}`, () => isListening(server.port));
    return server;
  }

  get log(): string {
    return this.#directory.read("log");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL"); // and with it all that is in its namespace
    await this.#child.status;
    this.#directory[Symbol.dispose]();
  }
}
