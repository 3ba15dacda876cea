import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const ROOT = fileURLToPath(new URL(".", import.meta.url));
const GZIP_LEVEL = 9;

/** Packs every text file beside itself, so that a Pi never has to. */
function precompressed(): Plugin {
  return {
    name: "precompressed",
    apply: "build",
    async writeBundle({ dir = "" }, bundle) {
      for (const name of Object.keys(bundle).filter((file) => /\.(html|js|css|svg)$/.test(file))) {
        const place = join(dir, name);
        await writeFile(`${place}.gz`, gzipSync(await readFile(place), { level: GZIP_LEVEL }));
      }
    },
  };
}

export default defineConfig({
  root: ROOT,
  base: "/",
  plugins: [precompressed()],
  build: {
    outDir: fileURLToPath(new URL("../../dist/dashboard", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    // Inlined files would be data: addresses, which the page's own policy refuses.
    assetsInlineLimit: 0,
    // Every browser with this target knows it by itself.
    modulePreload: { polyfill: false },
    rolldownOptions: { input: [join(ROOT, "index.html"), join(ROOT, "docs.html")] },
  },
});
