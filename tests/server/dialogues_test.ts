import { Client, playTranscript } from "postmaster/testing";
import { onlyJoe } from "./policy.ts";

const folder = new URL("../dialogues/", import.meta.url);

for (const { name } of Deno.readDirSync(folder)) {
  Deno.test(`the engine follows dialogues/${name}`, async () => {
    using client = Client.of(onlyJoe);
    await playTranscript(await Deno.readTextFile(new URL(name, folder)), name, client);
  });
}
