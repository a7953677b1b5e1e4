import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'
import type { Plugin } from 'vite'

const ROOT = dirname(fileURLToPath(import.meta.url))

/**
 * Every process and thread entry. Workers are entries of their own, emitted beside the shells that are given their URLs:
 * a bundler leaves `new Worker(new URL('./w.ts', …))` unbundled.
 */
const NODE_ENTRIES = {
  index: 'electron/main/index.ts',
  standalone: 'electron/standalone/index.ts',
  hub: 'electron/hub/main.ts',
  'core-worker': 'electron/workers/core.ts',
  'reader-worker': 'electron/workers/reader.ts',
  'scheduler-worker': 'electron/workers/scheduler.ts',
  'import-worker': 'electron/workers/import.ts',
}

/** Optional native accelerators that pg and ws look for and do without. */
const OPTIONAL_NATIVE = ['pg-native', 'bufferutil', 'utf-8-validate']

function resolveEntries(entries: Record<string, string>): Record<string, string> {
  const found = Object.entries(entries).filter(([name, path]) => {
    const exists = existsSync(resolve(ROOT, path))
    if (!exists) console.warn(`build: entry ${name} left out, ${path} does not exist`)
    return exists
  })
  return Object.fromEntries(found.map(([name, path]) => [name, resolve(ROOT, path)]))
}

/** What talks to the core waits for nothing: other scripts run in their order, and after the stylesheets. */
function runEarly(): Plugin {
  return {
    name: 'run-early',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (html) => {
        const early = html.replace(/<script type="module"(?=[^>]*\/early-)/, '$& async')
        if (early === html) throw new Error('the page does not name the early script')
        return early
      },
    },
  }
}

/** The first screen's fonts arrive before it is laid out; found by the stylesheet, they would have it laid out twice. */
function preloadFonts(): Plugin {
  return {
    name: 'preload-fonts',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle = {} }) =>
        Object.keys(bundle)
          .filter((name) => /ibm-plex-sans-latin-\d+-normal-[^/]*\.woff2$/.test(name))
          .map((name) => ({
            tag: 'link',
            attrs: { rel: 'preload', as: 'font', type: 'font/woff2', crossorigin: true, href: `./${name}` },
            injectTo: 'head' as const,
          })),
    },
  }
}

export default defineConfig({
  main: {
    build: {
      outDir: resolve(ROOT, 'out/main'),
      sourcemap: true,
      minify: false,
      rolldownOptions: {
        input: resolveEntries(NODE_ENTRIES),
        external: OPTIONAL_NATIVE,
        output: {
          format: 'es',
          entryFileNames: '[name].js',
          // Beside the entries, so that a path relative to import.meta.url means the same in every chunk.
          chunkFileNames: '[name]-[hash].js',
        },
      },
    },
  },
  preload: {
    build: {
      outDir: resolve(ROOT, 'out/preload'),
      sourcemap: false,
      minify: false,
      // A sandboxed preload script may require nothing but 'electron'.
      externalizeDeps: false,
      rolldownOptions: {
        input: resolveEntries({ index: 'electron/preload/index.ts' }),
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: resolve(ROOT, 'renderer'),
    plugins: [vue(), runEarly(), preloadFonts()],
    define: {
      __VUE_I18N_FULL_INSTALL__: false,
      __VUE_I18N_LEGACY_API__: false,
      __INTLIFY_PROD_DEVTOOLS__: false,
    },
    // Both app:// and the standalone server put these files at their root.
    base: '/',
    build: {
      outDir: resolve(ROOT, 'out/renderer'),
      emptyOutDir: true,
      sourcemap: false,
      minify: 'oxc',
      // An inlined asset is a data: URL, which the content security policy refuses for fonts.
      assetsInlineLimit: 0,
      rolldownOptions: {
        input: resolve(ROOT, 'renderer/index.html'),
        // What every start needs is one file: fifty small ones cost more than half a second on a slow laptop. Before it
        // comes only what talks to the core meanwhile.
        output: {
          codeSplitting: {
            groups: [
              { name: 'early', test: /renderer\/early\.ts$/, priority: 1 },
              { name: 'start', tags: ['$initial'] },
            ],
          },
        },
      },
    },
  },
})
