/**
 * The ceiling: an SMTP dialogue over `node:net` without parser, states, chain or log.
 *
 * @module
 */
import { createServer } from "node:net";

createServer({ noDelay: true }, (socket) => {
  let inMessage = false;
  let tail = "";
  socket.on("error", () => {});
  socket.write("220 bare\r\n");
  socket.on("data", (chunk) => {
    if (inMessage) {
      tail = (tail + chunk.subarray(-5).toString("latin1")).slice(-5);
      if (tail !== "\r\n.\r\n") return;
      inMessage = false;
      tail = "";
      socket.write("250 ok\r\n");
      return;
    }
    let replies = "";
    for (const line of chunk.toString("latin1").split("\r\n")) {
      if (line === "") continue;
      inMessage = line === "DATA";
      if (line === "QUIT") return void socket.end(`${replies}221 bye\r\n`);
      replies += inMessage ? "354 go\r\n" : "250 ok\r\n";
    }
    socket.write(replies);
  });
}).listen(Number(Deno.env.get("BENCH_PORT")), "127.0.0.1", 4096);
