// Runs inside the sandbox: Vite's dev server on the project at /site, which changes from outside as it is written.
// node .live.mjs PORT: its address stands in a file, because other users of the machine can read command lines.
import { readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { createServer } from "vite";

/** What is new changes no page that is open: it is there when somebody goes to it. Else each would reload all. */
const calm = {
  name: "calm",
  enforce: "post",
  hotUpdate: {
    order: "post",
    handler({ type, modules }) {
      if (type === "update") return undefined;
      for (const module of modules) this.environment.moduleGraph.invalidateModule(module);
      return [];
    },
  },
};

const QUIET_MS = 400;
/** Says "visited" when a browser has Vite's script, and "watched" when it has, for a while, all that it asks for. */
const told = {
  name: "told",
  configureServer({ middlewares, ws }) {
    let asked = 0;
    let timer;
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(() => asked === 0 && ws.clients.size > 0 && console.log("watched"), QUIET_MS);
    };
    middlewares.use((_, response, next) => {
      asked += 1;
      response.on("close", () => {
        asked -= 1;
        later();
      });
      next();
    });
    ws.on("connection", () => {
      console.log("visited");
      later();
    });
  },
};

const server = await createServer({
  root: "/site",
  base: `/preview/${readFileSync("/house/address", "utf8")}/`,
  configFile: false, // what a model wrote for its build cannot break what is seen
  cacheDir: "/tmp/vite", // all else is read-only
  plugins: [react(), calm, told],
  clearScreen: false,
  logLevel: "warn",
  optimizeDeps: { include: ["react", "react/jsx-dev-runtime", "react-dom/client"], noDiscovery: true },
  server: {
    host: "127.0.0.1",
    port: Number(process.argv[2]),
    strictPort: true,
    hmr: { overlay: false }, // a page that is half written is not an error to be shown
    warmup: { clientFiles: ["./src/main.tsx"] },
  },
});
await server.listen();
