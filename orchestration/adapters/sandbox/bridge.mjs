// Runs inside the sandbox: what comes in at a Unix socket of the house goes to a TCP port in here, and back.
// node bridge.mjs DESCRIPTOR PORT COMMAND [ARGUMENT…]: lives as long as the command, and ends as it ends.
import { spawn } from "node:child_process";
import { createConnection, createServer } from "node:net";

const [descriptor, port, command, ...words] = process.argv.slice(2);

const server = createServer({ allowHalfOpen: true }, (outside) => {
  const inside = createConnection({ host: "127.0.0.1", port: Number(port), allowHalfOpen: true });
  for (const [one, other] of [[outside, inside], [inside, outside]]) {
    one.on("error", () => other.destroy());
    one.pipe(other);
  }
});
server.listen({ fd: Number(descriptor) });

const child = spawn(command, words, { stdio: ["ignore", "inherit", "inherit"] });
child.on("error", (error) => {
  console.error(error.message);
  process.exit(127);
});
child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
