// Preloaded with `node --import`: from here on 'electron' means the stand-in. Node itself runs the shell.
import { registerHooks } from 'node:module'

const STAND_IN = new URL('./electron.ts', import.meta.url).href

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'electron' || specifier === 'electron/main')
      return { url: STAND_IN, shortCircuit: true }
    return next(specifier, context)
  },
})
