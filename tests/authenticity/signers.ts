/**
 * Programs of others that sign messages: dkimpy, Perl's Mail::DKIM and OpenDKIM.
 *
 * @module
 */
import { equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { Directory, run } from "../running.ts";

/** What the signers need on this machine. */
export const PYTHON = "/usr/lib/python3/dist-packages/dkim/__init__.py";
export const PERL = "/usr/share/perl5/Mail/DKIM/Signer.pm";

export const DOMAIN = "football.example.com";

const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
const ed25519 = generateKeyPairSync("ed25519");
const base64 = (key: KeyObject): string =>
  (key.export({ type: key.type === "public" ? "spki" : "pkcs8", format: "der" }) as Buffer)
    .subarray(key.asymmetricKeyType === "ed25519" ? -32 : 0).toString("base64");

/** The key of {@linkcode DOMAIN} for RSA, as programs read it. */
export const RSA_PEM = String(rsa.privateKey.export({ type: "pkcs1", format: "pem" }));
/** The records of the keys `rsa` and `ed25519` of {@linkcode DOMAIN}. */
export const RECORDS: Readonly<Record<string, string>> = {
  [`rsa._domainkey.${DOMAIN}`]: `v=DKIM1; k=rsa; p=${base64(rsa.publicKey)}`,
  [`ed25519._domainkey.${DOMAIN}`]: `v=DKIM1; k=ed25519; p=${base64(ed25519.publicKey)}`,
};

/** The forms in which header and body are signed. */
export const FORMS = ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"];

/** A message that was signed: its number, in what form, and with one signature on top. */
export interface SignedByOthers {
  readonly number: number;
  readonly form: string;
  readonly message: Buffer;
}

const DKIMPY = `
import base64, dkim, json, re, sys
directory, count, forms, rsa, ed25519, domain = sys.argv[1], int(sys.argv[2]), *sys.argv[3:]
for n in range(count):
    text = open('%s/%d' % (directory, n), 'rb').read()
    if re.search(rb'(?m)^[!-9;-~]+[ \\t]+:', text.split(b'\\r\\n\\r\\n')[0]): continue # no field for it
    for i, form in enumerate(forms.split()):
        kind = 'ed25519' if (n + i) % 4 == 3 else 'rsa'
        key = (ed25519 if kind == 'ed25519' else rsa).encode()
        field = dkim.sign(text, kind.encode(), domain.encode(), key,
            canonicalize=tuple(form.encode().split(b'/')), signature_algorithm=kind.encode() + b'-sha256')
        print(json.dumps([n, form + ' ' + kind, base64.b64encode(field).decode()]))
`;

const MAIL_DKIM = `
use strict; use JSON::PP; use MIME::Base64; use Mail::DKIM::Signer; use Mail::DKIM::PrivateKey;
my ($directory, $count, $forms, $pem, undef, $domain) = @ARGV;
$pem =~ s/-----[^-]+-----//g; $pem =~ s/\\s//g;
my $key = Mail::DKIM::PrivateKey->load(Data => $pem);
for my $n (0 .. $count - 1) {
  open my $f, '<:raw', "$directory/$n" or die; local $/; my $text = <$f>;
  for my $form (split / /, $forms) {
    my $signer = Mail::DKIM::Signer->new(Algorithm => 'rsa-sha256', Method => $form,
      Domain => $domain, Selector => 'rsa', Key => $key);
    $signer->PRINT($text); $signer->CLOSE;
    print encode_json([$n, $form, encode_base64($signer->signature->as_string . "\\r\\n", '')]), "\\n";
  }
}
`;

/** Signs each message in each form. */
export type SignAll = (messages: readonly Uint8Array[]) => Promise<readonly SignedByOthers[]>;

const by = (program: string, flag: string, script: string): SignAll => async (messages) => {
  using directory = new Directory();
  messages.forEach((message, i) => Deno.writeFileSync(directory.of(String(i)), message));
  const keys = [RSA_PEM, base64(ed25519.privateKey)];
  const { code, stdout, stderr } = await run(program, [
    ...[flag, script, directory.path, String(messages.length), FORMS.join(" "), ...keys, DOMAIN],
  ]);
  equal(code, 0, stderr);
  return stdout.trimEnd().split("\n").map((line) => {
    const [number, form, field] = JSON.parse(line) as [number, string, string];
    return {
      number,
      form,
      message: Buffer.concat([Buffer.from(field, "base64"), messages[number]!]),
    };
  });
};

/** dkimpy, by RSA and Ed25519. */
export const byDkimpy: SignAll = by("/usr/bin/python3", "-c", DKIMPY);
/** Mail::DKIM. */
export const byMailDkim: SignAll = by("perl", "-e", MAIL_DKIM);

const ARC = `
import base64, dkim, json, sys
text, count = open(sys.argv[1], 'rb').read(), int(sys.argv[2])
key, first = sys.argv[3].encode(), sys.argv[4].encode()
for n in range(1, count + 1):
    domain = b'relay%d.example' % n
    found = first if n == 1 else b'arc=pass; dkim=fail header.d=a.example'
    text = b'Authentication-Results: %s; %s\\r\\n' % (domain, found) + text
    text = b''.join(dkim.arc_sign(text, b'rsa', domain, key, domain)) + text
    print(json.dumps(base64.b64encode(text).decode()))
`;

/**
 * The message with one seal of {@linkcode relay} by dkimpy, with two, and so on.
 *
 * @param found what the first sealer has found
 */
export async function sealedByDkimpy(
  message: string,
  count: number,
  found = "spf=pass smtp.mailfrom=joe@a.example",
): Promise<readonly string[]> {
  using directory = new Directory();
  const path = directory.write("message", message);
  const { code, stdout, stderr } = await run("/usr/bin/python3", [
    ...["-c", ARC, path, String(count), RSA_PEM, found],
  ]);
  equal(code, 0, stderr);
  return stdout.trimEnd().split("\n")
    .map((line) => Buffer.from(JSON.parse(line), "base64").toString("latin1"));
}

/** The domain of a sealer. */
export const relay = (n: number): string => `relay${n}.example`;

/** The records of the sealers. */
export const SEALERS: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 51 }, (_, i) => [
    `rsa._domainkey.${relay(i + 1)}`,
    `v=DKIM1; p=${base64(rsa.publicKey)}`,
  ]),
);
