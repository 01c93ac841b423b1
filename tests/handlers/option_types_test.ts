import assert from "node:assert/strict";
import { z } from "zod";
import { readyMade } from "../../handlers/registry.ts";
import { kebabCase } from "../../src/base/kinds.ts";

/** A field of an interface, as `deno doc --json` has it. */
interface Field {
  readonly name: string;
  readonly optional: boolean;
  readonly jsDoc?: { readonly doc?: string };
  readonly tsType: { readonly kind: string };
}

/** What `deno doc --json` says of an interface. */
interface Def {
  readonly properties?: readonly Field[];
  readonly extends?: readonly { readonly value: { readonly typeName?: string } }[];
}

/** The fields of the interfaces that the ready-made handlers export, with those that they extend. */
async function interfaces(): Promise<ReadonlyMap<string, readonly Field[]>> {
  const module = new URL("../../handlers/mod.ts", import.meta.url).href;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["doc", "--json", module] })
    .output();
  const { symbols } = JSON.parse(new TextDecoder().decode(stdout)).nodes[module];
  const defs = new Map(symbols.map(({ name, declarations: [{ def }] }: {
    readonly name: string;
    readonly declarations: readonly [{ readonly def: Def }];
  }) => [name, def])) as ReadonlyMap<string, Def>;
  const fieldsOf = (name: string): readonly Field[] => {
    const { properties = [], extends: others = [] } = defs.get(name) ?? {};
    return [...properties, ...others.flatMap(({ value }) => fieldsOf(value.typeName ?? ""))];
  };
  return new Map([...defs.keys()].map((name) => [kebabCase(name).slice(1), fieldsOf(name)]));
}

const byKey = (one: { readonly key: string }, other: { readonly key: string }): number =>
  one.key < other.key ? -1 : 1;

Deno.test("the types of options have the keys of their schemas, with what these say of them", async () => {
  const types = await interfaces();
  let compared = 0;
  for (const [name, { options }] of readyMade) {
    const fields = types.get(`${name}-options`);
    if (fields === undefined || fields.length === 0) continue;
    const schema = z.toJSONSchema(options, { io: "input" });
    const [form = schema] = schema.anyOf?.filter(({ properties }) => properties !== undefined) ??
      [];
    const keys = Object.entries(form.properties ?? {}).map(([key, value]) => ({
      key,
      required: form.required?.includes(key) ?? false,
      description: (value as { readonly description?: string }).description,
    }));
    // What only TypeScript can say is no key.
    const written = fields.filter(({ tsType }) => tsType.kind !== "fnOrConstructor");
    const said = written.map((field) => ({
      key: kebabCase(field.name),
      required: !field.optional,
      description: field.jsDoc?.doc?.replace(/\s*\n\s*/g, " "),
    }));
    assert.deepEqual(said.toSorted(byKey), keys.toSorted(byKey), name);
    compared++;
  }
  assert.ok(compared > 10, `only ${compared} types were found`);
});
