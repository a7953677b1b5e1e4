import { parseArgs } from 'node:util'

export interface StandaloneOptions {
  demo: boolean
  dataDir: string | null
  /** Null: the usual port, or a free one when it is busy. */
  port: number | null
  open: boolean
  lan: boolean
}

/** Parses the server's own command line; throws a TypeError that says what is wrong. */
export function parseStandaloneOptions(argv: readonly string[]): StandaloneOptions {
  const { values } = parseArgs({
    args: [...argv],
    allowPositionals: false,
    options: {
      demo: { type: 'boolean', default: false },
      'data-dir': { type: 'string' },
      port: { type: 'string' },
      'no-open': { type: 'boolean', default: false },
      lan: { type: 'boolean', default: false },
    },
  })
  const port = values.port === undefined ? null : Number(values.port)
  if (port !== null && (!Number.isInteger(port) || port < 0 || port > 65_535)) {
    throw new TypeError('--port takes a number from 0 to 65535')
  }
  return {
    demo: values.demo,
    dataDir: values['data-dir'] ?? null,
    port,
    open: !values['no-open'],
    lan: values.lan,
  }
}
