/**
 * An Exim that takes mail, and gives it to a server for LMTP.
 *
 * @module
 */
import { freePort, isListening } from "../ports.ts";
import { Directory, until } from "../running.ts";
import { EXIM, prepareExim } from "../server/exim.ts";
import type { Issued } from "../tls/authority.ts";

/** A running one. It takes mail under TLS from joe, whose password is `secret`. */
export class EximServer implements AsyncDisposable {
  readonly port: number = freePort();
  readonly #directory = new Directory();
  readonly #child: Deno.ChildProcess;

  private constructor(lmtp: number, { certificate, key }: Issued) {
    const directory = this.#directory;
    const configuration = directory.write(
      "exim.conf",
      `${prepareExim(directory, "exim.example.org")}
pid_file_path = ${directory.of("pid")}
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${this.port}
host_lookup =
rfc1413_query_timeout = 0s
helo_lookup_domains =
tls_advertise_hosts = *
tls_certificate = ${directory.write("certificate", certificate)}
tls_privatekey = ${directory.write("key", key)}
auth_advertise_hosts = \${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = all

begin acl
all:
  accept authenticated = *

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{joe}}{eq{$auth3}{secret}}}}
  server_set_id = $auth2

begin routers
there:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = there

begin transports
there:
  driver = smtp
  protocol = lmtp
  port = ${lmtp}
  allow_localhost

begin retry
* * F,1h,10m
`,
    );
    this.#child = new Deno.Command(EXIM, {
      args: ["-C", configuration, "-bdf"],
      ...{ stdin: "null", stdout: "null", stderr: "null" },
    }).spawn();
  }

  static async start(lmtp: number, tls: Issued): Promise<EximServer> {
    const server = new EximServer(lmtp, tls);
    await until(() => `Exim listens: ${server.log}`, () => isListening(server.port));
    return server;
  }

  get log(): string {
    return this.#directory.read("log/mainlog") + this.#directory.read("log/paniclog");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    this.#directory[Symbol.dispose]();
  }
}
