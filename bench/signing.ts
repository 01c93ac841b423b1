/**
 * RSA-2048 signatures a second by all that could make them, and for how long each keeps the event loop from its timers;
 * beside what OpenSSL does by itself. In a compiled program:
 *
 *     deno compile --allow-all --include bench/signing_worker.ts --output signing bench/signing.ts && ./signing
 *
 * @module
 */
import { createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { Libcrypto } from "../src/signing/libcrypto.ts";
import { Signatures } from "../src/signing/signatures.ts";

/** Milliseconds of each measurement. */
const TIME = 3000;

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
const publicKey = createPublicKey(pem);
const octets = crypto.getRandomValues(new Uint8Array(1500));

type Sign = (octets: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;

/** Measures signatures of which so many are wanted at a time. */
async function measure(name: string, sign: Sign, places: number): Promise<void> {
  if (!verify("sha256", octets, publicKey, await sign(octets))) throw new Error(`${name} is wrong`);
  const gaps: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    gaps.push(performance.now() - last);
    last = performance.now();
  }, 1);
  const start = performance.now();
  let count = 0;
  await Promise.all(Array.from({ length: places }, async () => {
    while (performance.now() - start < TIME) {
      await sign(octets);
      count++;
    }
  }));
  const rate = count / (performance.now() - start) * 1000;
  clearInterval(timer);
  gaps.sort((one, other) => one - other);
  const gap = (share: number) => `${gaps[Math.floor(share * (gaps.length - 1))]?.toFixed(1)} ms`;
  console.log(
    `${name}, ${places} at a time`.padEnd(48),
    `${rate.toFixed(0)}/s`.padStart(8),
    gap(1),
  );
}

/** node:crypto, on the event loop. */
const onLoop: Sign = async (octets) => {
  await new Promise((resolve) => setTimeout(resolve));
  return sign("sha256", octets, privateKey);
};

/** node:crypto in threads. */
function inThreads(count: number): { readonly sign: Sign; readonly end: () => void } {
  const url = new URL("./signing_worker.ts", import.meta.url);
  const threads = Array.from({ length: count }, () => new Worker(url, { type: "module" }));
  const waiting = threads.map((): ((signature: Uint8Array) => void)[] => []);
  for (const [i, thread] of threads.entries()) {
    thread.postMessage({ pem });
    thread.onmessage = ({ data }) => waiting[i]!.shift()?.(data);
  }
  let next = 0;
  return {
    sign: (octets) =>
      new Promise((resolve) => {
        const i = next++ % count;
        waiting[i]!.push(resolve);
        threads[i]!.postMessage({ octets });
      }),
    end: () => threads.forEach((thread) => thread.terminate()),
  };
}

/** What OpenSSL does by itself, in so many processes. */
function openssl(processes: number): string {
  const args = ["speed", "-seconds", "3", ...processes > 1 ? ["-multi", `${processes}`] : []];
  const { stdout } = new Deno.Command("openssl", { args: [...args, "rsa2048"], stderr: "null" })
    .outputSync();
  const [, rate = "?"] = /^rsa 2048 bits\s+\S+\s+\S+\s+(\S+)/m.exec(
    new TextDecoder().decode(stdout),
  ) ?? [];
  return `${Number(rate).toFixed(0)}/s`;
}

const key = { domain: "example.net", selector: "a", algorithm: "rsa-sha256", pem } as const;
const library = Libcrypto.open();
const ours = new Signatures(library), platform = new Signatures();

console.log(
  "RSA-2048 signatures".padEnd(48),
  "a second".padStart(8),
  "the longest gap of a 1 ms timer",
);
await measure("node:crypto on the loop", onLoop, 1);
for (const count of [1, 2]) {
  const { sign, end } = inThreads(count);
  await measure(`node:crypto in ${count} Workers`, sign, 2 * count);
  end();
}
for (const places of [1, 16]) {
  await measure(
    "the server without OpenSSL (Web Crypto)",
    (one) => platform.sign(key, one),
    places,
  );
}
for (const places of library === undefined ? [] : [1, 16, 256]) {
  await measure("the server with OpenSSL", (one) => ours.sign(key, one), places);
}
for (const processes of [1, navigator.hardwareConcurrency]) {
  console.log(`openssl speed, ${processes} processes`.padEnd(48), openssl(processes).padStart(8));
}
Deno.exit();
