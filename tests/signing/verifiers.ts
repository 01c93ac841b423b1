/**
 * Programs of others that verify signatures: dkimpy, Perl's Mail::DKIM and OpenDKIM.
 *
 * @module
 */
import { equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { SigningKey } from "../../src/signing/keys.ts";
import { Directory, run } from "../running.ts";

/** What a verifier needs on this machine. */
export const PYTHON = "/usr/lib/python3/dist-packages/dkim/__init__.py";
export const PERL = "/usr/share/perl5/Mail/DKIM/Verifier.pm";

/** Records of TXT by their names. */
export type Records = Readonly<Record<string, string>>;

/** Says of each message what became of its signatures, the uppermost first: `pass`, or why not. */
export type Verify = (
  messages: readonly Uint8Array[],
  records: Records,
) => Promise<readonly (readonly string[])[]>;

const DKIMPY = `
import dkim, json, sys
directory, count, records = sys.argv[1], int(sys.argv[2]), json.load(open(sys.argv[3]))
def ask(name, timeout=5):
    name = name.decode() if isinstance(name, bytes) else name
    return records.get(name.rstrip('.'), '').encode()
for n in range(count):
    d = dkim.DKIM(open('%s/%d' % (directory, n), 'rb').read())
    said = []
    for i in range(sum(1 for f in d.headers if f[0].lower() == b'dkim-signature')):
        try: said.append('pass' if d.verify(idx=i, dnsfunc=ask) else 'fail')
        except Exception as e: said.append(repr(e))
    print(json.dumps(said))
`;

const ARC = `
import dkim, json, sys
directory, count, records = sys.argv[1], int(sys.argv[2]), json.load(open(sys.argv[3]))
def ask(name, timeout=5):
    name = name.decode() if isinstance(name, bytes) else name
    return records.get(name.rstrip('.'), '').encode()
for n in range(count):
    cv, results, reason = dkim.arc_verify(open('%s/%d' % (directory, n), 'rb').read(), dnsfunc=ask)
    print(json.dumps([(cv or b'fail').decode(), reason]))
`;

const MAIL_DKIM = `
use strict; use JSON::PP; use Mail::DKIM::Verifier; use Mail::DKIM::DNS; use Net::DNS;
my ($directory, $count, $file) = @ARGV;
open my $in, '<', $file or die; local $/; my $records = decode_json(<$in>);
no warnings 'redefine';
*Mail::DKIM::DNS::query = sub {
  my ($name, $type) = @_;
  return map { Net::DNS::RR->new(name => $name, type => 'TXT', txtdata => [$_ =~ /(.{1,255})/gs]) }
    grep { defined } $records->{$name};
};
for my $n (0 .. $count - 1) {
  open my $f, '<:raw', "$directory/$n" or die; my $text = <$f>;
  my $verifier = Mail::DKIM::Verifier->new;
  $verifier->PRINT($text); $verifier->CLOSE;
  my @said = map { my $d = $_->result_detail; $d eq 'pass' ? 'pass' : $d } $verifier->signatures;
  print encode_json(\\@said), "\\n";
}
`;

const by = (program: string, flag: string, script: string): Verify => async (messages, records) => {
  using directory = laidOut(messages);
  const file = directory.write("records.json", records);
  const args = [flag, script, directory.path, String(messages.length), file];
  const { code, stdout, stderr } = await run(program, args);
  equal(code, 0, stderr);
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
};

/** Each message in a file with its number as name. */
function laidOut(messages: readonly Uint8Array[]): Directory {
  const directory = new Directory();
  messages.forEach((message, i) => Deno.writeFileSync(directory.of(String(i)), message));
  return directory;
}

/** dkimpy. */
export const byDkimpy: Verify = by("/usr/bin/python3", "-c", DKIMPY);
/** Chains of ARC by dkimpy: the result, and the reason. */
export const arcByDkimpy: Verify = by("/usr/bin/python3", "-c", ARC);
/** Mail::DKIM, which knows no Ed25519. */
export const byMailDkim: Verify = by("perl", "-e", MAIL_DKIM);

const SEAL = `
import dkim, sys
text, key, selector, domain, host = open(sys.argv[1], 'rb').read(), *[a.encode() for a in sys.argv[2:]]
sys.stdout.buffer.write(b''.join(dkim.arc_sign(text, selector, domain, key, host)) + text)
`;

/** The message with a seal by dkimpy on top, of the results that `host` has found. */
export async function sealedByDkimpy(
  message: Uint8Array,
  { pem, selector, domain }: SigningKey,
  host: string,
): Promise<Buffer> {
  using directory = laidOut([message]);
  const { code, stdout, stderr } = await run("/usr/bin/python3", [
    ...["-c", SEAL, directory.of("0"), pem, selector, domain, host],
  ]);
  equal(code, 0, stderr);
  return Buffer.from(stdout);
}

/** OpenDKIM: one result for a message. */
export const byOpenDkim: Verify = async (messages, records) => {
  using directory = laidOut(messages);
  const keys = Object.entries(records).map(([name, record]) => `${name} ${record}\n`).join("");
  const config = directory.write(
    "opendkim.conf",
    `TestPublicKeys ${directory.write("keys", keys)}\nMode v\nOn-KeyNotFound accept\n`,
  );
  const said: string[][] = [];
  for (const i of messages.keys()) {
    const args = ["-x", config, "-vv", "-t", directory.of(String(i))];
    const { stdout, stderr } = await run("/usr/sbin/opendkim", args);
    const text = stdout + stderr;
    said.push([/verification \(.*\) succeeded/.test(text) ? "pass" : text]);
  }
  return said;
};

/** All octets of a message. */
export async function octetsIn(message: { read(): AsyncIterable<Uint8Array> }): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(message.read()));
}

/** The message as it arrives by DATA: its last line has an end. */
export const ended = (octets: Buffer): Buffer =>
  octets.at(-1) === 0x0a ? octets : Buffer.concat([octets, Buffer.from("\r\n")]);
