/**
 * OpenDKIM as a milter, and other programs that verify signatures.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { generateKeyPairSync } from "node:crypto";
import { run } from "../../running.ts";
import { PYTHON } from "./obedient.ts";
import { Program } from "./program.ts";

/** A key: what signs, and its record in the DNS. */
export interface DkimKey {
  readonly pem: string;
  readonly record: string;
}

/** Makes a key of RSA. */
export function makeKey(): DkimKey {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const spki = publicKey.export({ type: "spki", format: "der" }).toString("base64");
  return {
    pem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    record: `v=DKIM1; k=rsa; p=${spki}`,
  };
}

/** The domain that signs, and the name of its key. */
export const DOMAIN = "example.org", KEY_NAME = `sel._domainkey.${DOMAIN}`;

/** Starts OpenDKIM, which knows only this record of the DNS. */
export const openDkim = (
  key: DkimKey,
  mode: "s" | "v",
  settings: readonly string[] = [],
  id = "filter.example.net",
): Promise<Program> =>
  Program.start((directory) => {
    const pem = directory.write("key.pem", key.pem);
    Deno.chmodSync(pem, 0o600);
    const dns = directory.write("dns", `${KEY_NAME} ${key.record}\n`);
    const config = directory.write(
      "opendkim.conf",
      [
        `Socket local:${directory.of("socket")}`,
        `Mode ${mode}`,
        ...mode === "s" ? [`Domain ${DOMAIN}`, "Selector sel", `KeyFile ${pem}`] : [],
        `TestDNSData ${dns}`,
        `AuthservID ${id}`,
        "InternalHosts 0.0.0.0/0",
        "RequireSafeKeys no", // a directory in that of all
        "Syslog no",
        "Background no",
        ...settings,
        "",
      ].join("\n"),
    );
    return ["/usr/sbin/opendkim", "-f", "-x", config];
  });

/** Whether dkimpy verifies the uppermost signature of each message. */
export function verifiedByDkimpy(messages: readonly string[], key: DkimKey): Promise<boolean[]> {
  const script = `
import base64, dkim, json, sys
messages, record = json.load(sys.stdin)
print(json.dumps([dkim.verify(base64.b64decode(m), dnsfunc=lambda *_, **__: record.encode()) for m in messages]))`;
  return judged(PYTHON, ["-c", script], messages, key);
}

/** Whether Perl's Mail::DKIM verifies each message. */
export function verifiedByPerl(messages: readonly string[], key: DkimKey): Promise<boolean[]> {
  const script = `
use strict; use JSON::PP; use MIME::Base64; use Mail::DKIM::Verifier; use Mail::DKIM::PublicKey;
local $/; my ($messages, $record) = @{decode_json(<STDIN>)};
no warnings 'redefine';
*Mail::DKIM::PublicKey::fetch_async = sub { my ($class, %prms) = @_;
  my $key = Mail::DKIM::PublicKey->parse($record); return sub { $prms{Callbacks}{Success} ? $prms{Callbacks}{Success}->($key) : $key } };
my @found = map { my $v = Mail::DKIM::Verifier->new; $v->PRINT(decode_base64($_)); $v->CLOSE;
  $v->result eq 'pass' ? JSON::PP::true : JSON::PP::false } @$messages;
print encode_json(\\@found);`;
  return judged("perl", ["-e", script], messages, key);
}

async function judged(
  program: string,
  args: readonly string[],
  messages: readonly string[],
  { record }: DkimKey,
): Promise<boolean[]> {
  const input = JSON.stringify([
    messages.map((message) => Buffer.from(message, "latin1").toString("base64")),
    record,
  ]);
  const { code, stdout, stderr } = await run(program, args, input);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
