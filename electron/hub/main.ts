import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ROLES, type Role } from '../../shared/contract/define.ts'
import type { HubLog } from './context.ts'
import { makeEnrolCode, revoke } from './enrol.ts'
import { backUp, examine, restore } from './maintenance.ts'
import { loadHubSeed } from './keys.ts'
import { hubStick } from './stick.ts'
import { StickError } from '../../shared/wire/stick.ts'
import { noteBackup, truncate } from './truncate.ts'
import { openHub, readTls, startHub, type HubOptions } from './index.ts'

const USAGE = `Usage: npm run hub -- [command] --data-dir DIR [options]

  serve (default)        --port N (8790) --host H (127.0.0.1) [--cert FILE --key FILE]
  enroll                 --belt ID --role ${ROLES.join('|')} [--base ID]
                         prints a one-time code for a new device; without --belt, for a belt that moves to this hub
  revoke                 --belt ID --device AUTHOR
  status                 belts, devices and what waits for an administrator
  doctor                 reads everything and recomputes every chain
  backup                 --to DIR (DATA-DIR/backups); with PostgreSQL, which is backed up by its own tools, --noted says
                         that everything so far is in a backup
  truncate               cuts off what devices, backups and the last 30 days do not need, as the hub itself does now and then
  import                 --from FILE [--to FILE]   takes in a device's file and writes the answer for it
  export                 --belt ID --device AUTHOR --to FILE   news for a device without a network
  restore                --from FILE; the hub must be stopped. Devices give back what is newer. PostgreSQL is restored with its
                         own tools; the hub recognises that by itself

  HUB_DATABASE_URL       a PostgreSQL database instead of the embedded one
  HUB_METRICS_TOKEN      lets its holder read /metrics from other machines; without one only this machine may
`

const RESTORE_POSTGRES =
  'a PostgreSQL database is restored with its own tools (pg_restore, psql, a point in time): stop the hubs, restore, start them; they recognise it, and devices give back what is newer'

const log: HubLog = {
  info: (message, details) => console.log(message, details ?? ''),
  warn: (message, details) => console.warn(message, details ?? ''),
  error: (message, details) => console.error(message, details ?? ''),
}

function findResources(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, 'resources')
    if (existsSync(join(candidate, 'migrations', 'hub-sqlite'))) return candidate
    if (dirname(folder) === folder) throw new Error('the resources folder is missing')
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'data-dir': { type: 'string' },
      port: { type: 'string', default: '8790' },
      host: { type: 'string', default: '127.0.0.1' },
      cert: { type: 'string' },
      key: { type: 'string' },
      belt: { type: 'string' },
      role: { type: 'string' },
      base: { type: 'string' },
      device: { type: 'string' },
      to: { type: 'string' },
      from: { type: 'string' },
      noted: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const command = positionals[0] ?? 'serve'
  if (values.help) {
    console.log(USAGE)
    return
  }
  const dataDir = values['data-dir']
  if (!dataDir) throw new Error('--data-dir is missing (see --help)')
  const options: HubOptions = {
    dataDir: resolve(dataDir),
    resourcesDir: findResources(),
    clock: () => Date.now(),
    log,
    databaseUrl: process.env.HUB_DATABASE_URL ?? null,
    metricsToken: process.env.HUB_METRICS_TOKEN || null,
    tls: values.cert && values.key ? readTls(values.cert, values.key) : null,
  }
  switch (command) {
    case 'serve':
      return serve(options, values.host, Number(values.port))
    case 'enroll':
      return enroll(options, values)
    case 'revoke':
      return revokeDevice(options, values)
    case 'status':
      return printStatus(options)
    case 'doctor':
      return doctor(options)
    case 'import':
      return importFile(options, values)
    case 'export':
      return exportFile(options, values)
    case 'truncate':
      return truncateAll(options)
    case 'backup':
      if (values.noted) return noted(options)
      return backup(options, resolve(values.to ?? join(dataDir, 'backups')))
    case 'restore':
      if (options.databaseUrl) throw new Error(RESTORE_POSTGRES)
      if (!values.from) throw new Error('--from is needed')
      restore(options.dataDir, resolve(values.from), Date.now())
      console.log('restored; start the hub, and its devices will give back what is newer')
      return
    default:
      throw new Error(`unknown command ${command} (see --help)`)
  }
}

async function serve(options: HubOptions, host: string, port: number): Promise<void> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('--port is not a port number')
  const running = await startHub({ ...options, host, port })
  log.info(`Hub ready on ${options.tls ? 'https' : 'http'}://${host}:${running.port}`)
  const stop = (): void => {
    void running.close().then(() => process.exit(0))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

async function enroll(
  options: HubOptions,
  values: { belt?: string; role?: string; base?: string },
): Promise<void> {
  const role = values.role ?? (values.belt ? undefined : 'administrator')
  if (!ROLES.includes(role as Role)) throw new Error(`--role must be one of ${ROLES.join(', ')}`)
  const hub = await openHub(options)
  try {
    if (values.belt) {
      const known = await hub.database.db
        .selectFrom('belt')
        .select('belt')
        .where('belt', '=', values.belt)
        .executeTakeFirst()
      if (!known) throw new Error(`this hub has no belt ${values.belt}`)
    }
    const { code, expiresMs } = await makeEnrolCode(hub, {
      belt: values.belt ?? null,
      role: role as Role,
      baseId: values.base ?? null,
    })
    console.log(code)
    console.error(`Valid once, until ${new Date(expiresMs).toISOString()}.`)
  } finally {
    await hub.close()
  }
}

async function revokeDevice(options: HubOptions, values: { belt?: string; device?: string }): Promise<void> {
  if (!values.belt || !values.device) throw new Error('--belt and --device are needed')
  const hub = await openHub(options)
  try {
    if (!(await revoke(hub, values.belt, values.device))) throw new Error('no such active device')
    console.log('revoked')
  } finally {
    await hub.close()
  }
}

async function doctor(options: HubOptions): Promise<void> {
  const hub = await openHub(options)
  try {
    const findings = await examine(hub)
    for (const { what, problem } of findings)
      console.log(`${problem === null ? 'ok  ' : 'BAD '} ${what}${problem === null ? '' : `: ${problem}`}`)
    if (findings.some(({ problem }) => problem !== null)) process.exitCode = 1
  } finally {
    await hub.close()
  }
}

async function backup(options: HubOptions, folder: string): Promise<void> {
  const hub = await openHub(options)
  try {
    console.log(await backUp(hub, folder))
  } finally {
    await hub.close()
  }
}

const PROBLEMS: Record<StickError['problem'], string> = {
  'not-a-file': 'this is not a Chanbo file',
  newer: 'the file was written by a newer version',
  'other-belt': 'the file is from a device that this hub does not know',
  'other-recipient': 'the file is for another hub',
  'other-kind': 'the file is for a device, not for a hub',
  forged: 'a part of the file was changed after it was written; it and what follows was not taken',
  'cut-short': 'the file ends in the middle; what came before was taken',
}

async function importFile(options: HubOptions, values: { from?: string; to?: string }): Promise<void> {
  if (!values.from) throw new Error('--from is needed')
  const hub = await openHub(options)
  try {
    const from = resolve(values.from)
    const { report, answer } = await hubStick(hub, loadHubSeed(options.dataDir)).take(readFileSync(from))
    const to = resolve(values.to ?? `${from.replace(/\.chanbo$/, '')}-answer.chanbo`)
    writeFileSync(to, answer, { flag: 'wx' })
    const { applied, duplicate, rejected, quarantined, gaps, forks, renewed, problem } = report
    console.log(`device ${report.device} "${report.deviceName}"`)
    console.log(`taken ${applied} here-already ${duplicate} rejected ${rejected} quarantined ${quarantined}`)
    if (gaps > 0)
      console.log('an earlier file of this device is missing: take that one first, then this one again')
    if (renewed) console.log('this device goes on under a new identity, which has its rights now')
    if (forks > 0) console.log('this device was copied or restored: it will go on under a new identity')
    console.log(`answer for the device: ${to}`)
    if (problem !== null) throw new Error(PROBLEMS[problem])
  } catch (error) {
    throw error instanceof StickError ? new Error(PROBLEMS[error.problem]) : error
  } finally {
    await hub.close()
  }
}

async function exportFile(
  options: HubOptions,
  values: { belt?: string; device?: string; to?: string },
): Promise<void> {
  if (!values.belt || !values.device || !values.to) throw new Error('--belt, --device and --to are needed')
  const hub = await openHub(options)
  try {
    const news = await hubStick(hub, loadHubSeed(options.dataDir)).news(values.belt, values.device)
    writeFileSync(resolve(values.to), news, { flag: 'wx' })
    console.log(resolve(values.to))
  } finally {
    await hub.close()
  }
}

async function noted(options: HubOptions): Promise<void> {
  const hub = await openHub(options)
  try {
    await noteBackup(hub)
    console.log('noted')
  } finally {
    await hub.close()
  }
}

async function truncateAll(options: HubOptions): Promise<void> {
  const hub = await openHub(options)
  try {
    for (const { belt } of await hub.database.db.selectFrom('belt').select('belt').orderBy('belt').execute())
      console.log(`belt ${belt}: the log begins after ${await truncate(hub, belt)}`)
  } finally {
    await hub.close()
  }
}

async function printStatus(options: HubOptions): Promise<void> {
  const hub = await openHub(options)
  try {
    const { db } = hub.database
    for (const belt of await db.selectFrom('belt').selectAll().orderBy('belt').execute()) {
      console.log(`belt ${belt.belt} epoch ${belt.epoch} term ${belt.term} seq ${belt.nextSeq - 1}`)
      const devices = await db
        .selectFrom('device')
        .selectAll()
        .where('belt', '=', belt.belt)
        .orderBy('author')
        .execute()
      for (const device of devices) {
        const behind = belt.nextSeq - 1 - device.pulledSeq
        console.log(
          `  device ${device.author} ${device.role} ${device.baseId ?? '-'} ${device.status} behind ${behind} "${device.name}"`,
        )
      }
      const held = await db
        .selectFrom('op')
        .select((eb) => ['state', eb.fn.countAll().as('n')])
        .where('belt', '=', belt.belt)
        .where('state', '<>', 0)
        .groupBy('state')
        .execute()
      for (const { state, n } of held) console.log(`  ${state === 1 ? 'rejected' : 'quarantined'} ${n}`)
    }
  } finally {
    await hub.close()
  }
}

main().catch((error: unknown) => {
  console.error(`Hub: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
})
