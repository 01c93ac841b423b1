import assert from "node:assert/strict";
import { nameIn } from "../../src/tls/client_hello.ts";

const two = (number: number) => [number >> 8, number & 255];
const counted = (octets: number[]) => [...two(octets.length), ...octets];
const record = (content: number[]) => [22, 3, 1, ...counted(content)];

/** A ClientHello, without the head of its record. */
function hello(extensions: number[]): number[] {
  const body = [3, 3, ...Array(32).fill(7), 0, ...counted([0x13, 1]), 1, 0, ...counted(extensions)];
  return [1, 0, ...counted(body)];
}

const named = (name: string) => {
  const entry = [0, ...counted([...new TextEncoder().encode(name)])];
  return [0, 10, ...counted([1, 2]), 0, 0, ...counted(counted(entry))];
};

const nameOf = (octets: number[]) => nameIn(Uint8Array.from(octets));

Deno.test("nameIn() finds the name, however the message is cut", () => {
  const whole = hello(named("mx.example.net"));
  const records = whole.flatMap((octet) => record([octet]));
  for (const octets of [record(whole), records]) {
    for (let length = 0; length < octets.length; length++) {
      assert.equal(nameOf(octets.slice(0, length)), undefined, `${length} octets`);
    }
    assert.equal(nameOf(octets), "mx.example.net");
    assert.equal(nameOf([...octets, 1, 2, 3]), "mx.example.net");
  }
});

Deno.test("nameIn() waits for nothing where no name will come", () => {
  assert.equal(nameOf(record(hello([]))), "");
  assert.equal(nameOf(record(hello([0, 10, 0, 9]))), "", "an extension longer than the message");
  assert.equal(nameOf(record(hello([0, 0, 0, 0]))), "", "no list of names");
  assert.equal(nameOf([...new TextEncoder().encode("EHLO a.example\r\n")]), "");
  assert.equal(nameOf([21, 3, 3, 0, 2, 1, 0]), "", "an alert");
  assert.equal(nameOf(record([2])), "", "another message");
  assert.equal(nameOf([...record([1, 255, 255, 255]), ...Array(20_000).fill(0)]), "", "too long");
});
