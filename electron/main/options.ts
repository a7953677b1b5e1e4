import { parseArgs } from 'node:util'

export interface WindowOptions {
  demo: boolean
  dataDir: string | null
}

/** The shell's own options out of a command line that also carries Chromium's switches. */
export function parseWindowOptions(argv: readonly string[]): WindowOptions {
  const { values } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    options: { demo: { type: 'boolean' }, 'data-dir': { type: 'string' } },
  })
  const dataDir = values['data-dir']
  return { demo: values.demo === true, dataDir: typeof dataDir === 'string' && dataDir ? dataDir : null }
}
