import { readdirSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { prerender } from "./prerender";

// Every HTML file in this folder is a page with an address of its own.
const pages = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".html"));

export default defineConfig({
  base: "./", // the built site works in any folder of any host
  appType: "mpa",
  plugins: [react(), prerender()],
  build: {
    modulePreload: { polyfill: false },
    rolldownOptions: { input: pages, checks: { bundlerTimings: false } },
  },
});
