/**
 * Other servers that throw mail away, to compare with: Postfix (Debian's package) and the library smtp-server (npm).
 * Each uses the certificate and key of {@linkcode KeyFiles}, and knows the user `sink`.
 *
 * @module
 */
import { SERVICES } from "../tests/server/postfix_services.ts";
import { environmentOf, type Launch, type Place } from "./subject.ts";

/** A certificate and its key, ECDSA P-256, that every user may read. */
export interface KeyFiles {
  readonly certificate: string;
  readonly key: string;
}

const SMTP_SERVER = "smtp-server@3.21.6";

/** The library smtp-server, with Node. It holds back each banner for 100 ms, so it needs many clients at once. */
export const smtpServer = ({ certificate, key }: KeyFiles): Launch => async (place) => {
  await run(
    "npm",
    "install",
    "--silent",
    "--no-audit",
    "--no-fund",
    `--prefix=${place.work}`,
    SMTP_SERVER,
  );
  const script = `${place.work}/server.mjs`;
  await Deno.copyFile(new URL("smtp_server.mjs", import.meta.url), script);
  return new Deno.Command("node", {
    args: [script],
    env: { ...environmentOf(place), BENCH_CERTIFICATE: certificate, BENCH_KEY: key },
  });
};

/** Postfix with a configuration and a queue of its own. */
export const postfix = (files: KeyFiles): Launch => async (place) => {
  const { work } = place;
  await Deno.chmod(work, 0o755);
  for (const name of ["etc", "spool", "data"]) await Deno.mkdir(`${work}/${name}`);
  await run("chown", "postfix", `${work}/data`);
  await Deno.writeTextFile(`${work}/etc/main.cf`, mainCf(work, files));
  await Deno.writeTextFile(`${work}/etc/master.cf`, masterCf(place));
  await run("postfix", "-c", `${work}/etc`, "check");
  await knowPassword(`${work}/spool/private/password`);
  return new Deno.Command("/usr/lib/postfix/sbin/master", { args: ["-c", `${work}/etc`] });
};

const mainCf = (work: string, { certificate, key }: KeyFiles): string => `
compatibility_level = 3.6
queue_directory = ${work}/spool
data_directory = ${work}/data
maillog_file = ${work}/maillog
maillog_file_prefixes = ${work}
myhostname = bench.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
smtpd_client_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access static:DISCARD, reject
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
default_process_limit = ${PROCESSES}
message_size_limit = 200000000
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/password
smtpd_tls_security_level = may
smtpd_tls_chain_files = ${key}, ${certificate}
`;

/** Postfix uses a process for each connection. */
const PROCESSES = 1100;

const masterCf = ({ port, tlsPort }: Place): string => `
127.0.0.1:${port} inet n - n - ${PROCESSES} smtpd
127.0.0.1:${tlsPort} inet n - n - ${PROCESSES} smtpd -o smtpd_tls_wrappermode=yes
${SERVICES}`;

/**
 * Answers as Dovecot does (its authentication protocol, version 1.1) for any password, in this process.
 */
async function knowPassword(path: string): Promise<void> {
  const listener = Deno.listen({ transport: "unix", path });
  listener.unref();
  await Deno.chmod(path, 0o666);
  const serve = async (client: Deno.Conn) => {
    const say = (text: string) => client.write(new TextEncoder().encode(text));
    await say("VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t1\nDONE\n");
    for await (const octets of client.readable) {
      for (const [, id] of new TextDecoder().decode(octets).matchAll(/^AUTH\t(\d+)/gm)) {
        await say(`OK\t${id}\tuser=sink\n`);
      }
    }
  };
  (async () => {
    for await (const client of listener) serve(client).catch(() => {});
  })();
}

/** A certificate for `bench.test` that signs itself. */
export async function selfSigned(directory: string): Promise<KeyFiles> {
  const files = { certificate: `${directory}/cert.pem`, key: `${directory}/key.pem` };
  await run(
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    ...["-nodes", "-days", "30", "-subj", "/CN=bench.test", "-addext"],
    ...["subjectAltName=DNS:bench.test", "-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-keyout", files.key, "-out", files.certificate],
  );
  for (const file of [directory, files.key]) await Deno.chmod(file, 0o755);
  return files;
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
}
