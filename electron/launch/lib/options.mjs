import { parseArgs } from 'node:util'

export const START_HELP = `Usage: npm start -- [options]

  --demo             open the demo belt
  --data-dir DIR     keep all data in DIR (default: the user's application data folder)
  --port N           serve on port N (default: 4780, or a free one when it is busy)
  --no-open          serve the cockpit and print its address, open nothing
  --browser          use the browser even where a window could be opened
  --lan              serve other machines of the local network too: TLS, everyone signs in with a PIN
  --help             show this text

The cockpit opens in a window where Electron is available, otherwise in the browser. Ctrl+C ends it.`

/** Throws a TypeError with a readable message on an unknown or malformed option. */
export function parseStartOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    allowPositionals: false,
    options: {
      demo: { type: 'boolean', default: false },
      'data-dir': { type: 'string' },
      port: { type: 'string' },
      'no-open': { type: 'boolean', default: false },
      browser: { type: 'boolean', default: false },
      lan: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.port !== undefined && !/^\d{1,5}$/.test(values.port))
    throw new TypeError('--port takes a number')
  if (values.port !== undefined && Number(values.port) > 65_535)
    throw new TypeError('--port goes up to 65535')
  return values
}

/** Options of the standalone server that `values` ask for. */
export function toServerArgs(values) {
  const args = []
  if (values.demo) args.push('--demo')
  if (values['data-dir']) args.push('--data-dir', values['data-dir'])
  if (values.port !== undefined) args.push('--port', values.port)
  if (values['no-open']) args.push('--no-open')
  if (values.lan) args.push('--lan')
  return args
}
