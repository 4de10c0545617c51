import { type Plugin, runnerImport } from "vite";

const ROOT = /<div id="root" data-page="(\w+)"><\/div>/;
const STYLES = /(<link rel="stylesheet") crossorigin/g;

/** Puts every page's words into its HTML, so that it can be read (and found) before any script has run. */
export function prerender(): Plugin {
  let rendering: Promise<typeof import("./src/render")>;
  return {
    name: "prerender",
    apply: "build",
    buildStart() {
      rendering = runnerImport<typeof import("./src/render")>("/src/render.tsx", {
        configFile: false,
        logLevel: "warn",
      }).then(({ module }) => module);
    },
    transformIndexHtml: {
      order: "post",
      async handler(html) {
        const { pageHtml } = await rendering;
        const filled = html.replace(
          ROOT,
          (_, page: string) => `<div id="root" data-page="${page}">${pageHtml(page)}</div>`,
        );
        return filled.replace(STYLES, "$1"); // without it the pages also look right when opened from a disk
      },
    },
  };
}
