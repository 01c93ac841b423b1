import { equal, notEqual } from "node:assert/strict";
import { pipe, pipeArguments } from "../../src/targets/pipe.ts";

Deno.test("the arguments of a target that was made are read once", () => {
  const { args } = pipe(["cat", "{user}"]);
  equal(pipeArguments.read(args), pipeArguments.read(args));
});

Deno.test("arguments that can change are read each time", () => {
  const args = { argv: ["cat", "{user}"] };
  notEqual(pipeArguments.read(args), pipeArguments.read(args));
  equal(pipeArguments.faultIn(args), undefined);
  args.argv[1] = "{usr}";
  equal(
    pipeArguments.faultIn(args),
    'unknown placeholder {usr} in "{usr}": did you mean {user}?',
  );
});
