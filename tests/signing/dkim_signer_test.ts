/**
 * Signatures of this server, as programs of others see them.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Log, silent } from "../../src/log/event.ts";
import type { Message } from "../../src/message/message.ts";
import { DkimSigner, type DkimSignerOptions } from "../../src/signing/dkim_signer.ts";
import type { SigningKey } from "../../src/signing/keys.ts";
import { Libcrypto } from "../../src/signing/libcrypto.ts";
import { Signatures } from "../../src/signing/signatures.ts";
import { SigningFault, signOnce } from "../../src/signing/signer.ts";
import { need, needFile } from "../need.ts";
import { oddMessages } from "../odd_messages.ts";
import { keysIn, newKey, recordsOf } from "./keys.ts";
import {
  byDkimpy,
  byMailDkim,
  byOpenDkim,
  ended,
  octetsIn,
  PERL,
  PYTHON,
  type Verify,
} from "./verifiers.ts";

const rsa = newKey("rsa");
const ed25519 = newKey("ed25519");
const signatures = new Signatures(Libcrypto.open());

const signer = (
  keys: readonly SigningKey[],
  more: Partial<DkimSignerOptions> = {},
): DkimSigner =>
  new DkimSigner({
    ...{ keys: keysIn(...keys), signatures, isExpected: () => false, fields: [], log: silent },
    ...{ now: () => Date.now(), ...more },
  });

/** A message that comes in pieces. */
const messageOf = (text: string | Uint8Array, piece = 1000): Message => {
  const octets = Buffer.from(text as string, "latin1");
  return {
    size: octets.length,
    async *read() {
      for (let at = 0; at < octets.length; at += piece) yield octets.subarray(at, at + piece);
    },
  };
};

const signed = async (
  message: Message,
  keys: readonly SigningKey[],
  more: Partial<DkimSignerOptions> = {},
): Promise<Buffer> => await octetsIn(await signer(keys, more).sign(message));

const python = needFile(PYTHON, "apt-get install python3-dkim");
const perl = needFile(PERL, "apt-get install libmail-dkim-perl");

/** Signs odd messages, and has them verified. */
function verified(
  name: string,
  verify: Verify,
  { ignore }: { ignore: boolean },
  keys: readonly SigningKey[],
  wanted: readonly string[] = keys.map(() => "pass"),
): void {
  Deno.test({
    name,
    ignore,
    fn: async () => {
      const odd = oddMessages(300);
      const all = await Promise.all(
        odd.map(async (one, i) => ended(await signed(messageOf(one, 1 + i % 70), keys))),
      );
      const said = await verify(all, recordsOf(keys));
      for (const [i, results] of said.entries()) {
        const text = JSON.stringify(all[i]!.toString("latin1").slice(0, 4000));
        deepEqual(results, wanted, `${i}: ${results} ${text}`);
      }
      equal(said.length, odd.length);
      const changed = all.slice(0, 20).map((one) => Buffer.concat([one, Buffer.from("\r\nx\r\n")]));
      for (const results of await verify(changed, recordsOf(keys))) ok(!results.includes("pass"));
    },
  });
}

verified("dkimpy verifies RSA and Ed25519 on odd messages", byDkimpy, python, [rsa, ed25519]);
verified("Mail::DKIM verifies RSA on odd messages", byMailDkim, perl, [rsa]);
verified("OpenDKIM verifies RSA on odd messages", byOpenDkim, need("opendkim"), [rsa]);
verified("OpenDKIM verifies Ed25519 on odd messages", byOpenDkim, need("opendkim"), [ed25519]);
