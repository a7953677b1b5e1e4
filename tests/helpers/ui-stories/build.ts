import vue from '@vitejs/plugin-vue'
import { join } from 'node:path'
import { build } from 'vite'

const HERE = import.meta.dirname

/** Builds a page of the renderer for looking at. `root` holds its index.html. */
export async function buildPage(root: string, outDir: string): Promise<void> {
  await build({
    configFile: false,
    root,
    base: './',
    logLevel: 'warn',
    plugins: [vue()],
    define: {
      __VUE_I18N_FULL_INSTALL__: false,
      __VUE_I18N_LEGACY_API__: false,
      __INTLIFY_PROD_DEVTOOLS__: false,
    },
    build: { outDir, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  })
}

if (import.meta.main) await buildPage(HERE, join(HERE, '../../../out/ui-stories'))
