// Bundles the front end into src/yizhan/static/dist: hashed names, a manifest, compressed twins.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync, readdirSync, existsSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { join } from "node:path";

const out = "src/yizhan/static/dist";
rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, "fonts"), { recursive: true });

// One sprite of the outline icons that the templates name.
const names = JSON.parse(readFileSync("frontend/icons.json", "utf8"));
const symbols = names.map((name) => {
  const file = `node_modules/@tabler/icons/icons/outline/${name}.svg`;
  if (!existsSync(file)) throw new Error(`no such icon: ${name}`);
  const body = readFileSync(file, "utf8").replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
  return `<symbol id="${name}" viewBox="0 0 24 24">${body.replace(/\s+/g, " ").trim()}</symbol>`;
});
const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;

const built = await build({
  entryPoints: ["frontend/app.js", "frontend/app.css"],
  bundle: true, minify: true, write: false, outdir: out, target: ["es2022"], legalComments: "none",
});
const files = new Map(built.outputFiles.map((file) => [file.path.split("/").pop(), Buffer.from(file.contents)]));
files.set("icons.svg", Buffer.from(sprite));
files.set("logo.svg", readFileSync("frontend/logo.svg"));

const manifest = {};
for (const [name, content] of files) {
  const mark = createHash("sha256").update(content).digest("hex").slice(0, 10);
  const hashed = name.replace(/\.(\w+)$/, `.${mark}.$1`);
  manifest[name] = `dist/${hashed}`;
  writeFileSync(join(out, hashed), content);
  writeFileSync(join(out, `${hashed}.gz`), gzipSync(content, { level: 9 }));
  writeFileSync(join(out, `${hashed}.br`), brotliCompressSync(content));
}
writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 1));
for (const weight of ["Regular", "Bold"]) {
  cpSync(`node_modules/@embedpdf/fonts-sc/fonts/NotoSansHans-${weight}.otf`, join(out, "fonts", `NotoSansHans-${weight}.otf`));
}
for (const name of readdirSync(out)) if (name.endsWith(".js") || name.endsWith(".css")) console.log(name);
