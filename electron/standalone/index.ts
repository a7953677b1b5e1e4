// Entry of the cockpit without a window. Keeps compiled code beside the build, which halves the time of a later start;
// that has to be said before anything else is loaded, and to the threads by way of the environment.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

if (import.meta.url.endsWith('.js')) {
  const folder = fileURLToPath(new URL('./.compile-cache', import.meta.url))
  process.env.NODE_COMPILE_CACHE = folder
  enableCompileCache(folder)
}
const { run } = await import('./run.ts')
await run(import.meta.url, process.argv.slice(2))
