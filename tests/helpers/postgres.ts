import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

const ROOT = '/usr/lib/postgresql'

/** Folder with PostgreSQL's server programs (15 or later); null when none is installed. */
export function postgresBin(): string | null {
  if (!existsSync(ROOT)) return null
  const versions = readdirSync(ROOT)
    .map(Number)
    .filter((version) => version >= 15)
    .sort((a, b) => b - a)
  const bin = versions[0] === undefined ? null : join(ROOT, String(versions[0]), 'bin')
  return bin && existsSync(join(bin, 'initdb')) ? bin : null
}

/** How a group of tests that is left out says so. */
export const NO_POSTGRES = 'PostgreSQL is not installed (apt-get install postgresql)'

export interface TestPostgres {
  /** Connection text of a new, empty database. */
  newDatabase(): Promise<string>
  stop(): Promise<void>
}

const asRoot = process.getuid?.() === 0

/** A private cluster on a Unix socket in a temporary folder, as an unprivileged user. */
export async function startPostgres(): Promise<TestPostgres> {
  const bin = postgresBin()
  if (!bin) throw new Error(NO_POSTGRES)
  const folder = mkdtempSync(join(tmpdir(), 'chanbo-pg-'))
  chmodSync(folder, 0o755)
  const data = join(folder, 'data')
  const command = (program: string, args: string[]): [string, string[]] =>
    asRoot ? ['runuser', ['-u', 'postgres', '--', join(bin, program), ...args]] : [join(bin, program), args]
  if (asRoot) execFileSync('chown', ['postgres', folder])
  const [init, initArgs] = command('initdb', [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--no-locale',
  ])
  execFileSync(init, initArgs, { stdio: 'pipe' })
  const [run, runArgs] = command('postgres', [
    '-D',
    data,
    '-k',
    folder,
    '-c',
    'listen_addresses=',
    '-c',
    'max_connections=60',
  ])
  const server = spawn(run, runArgs, { stdio: 'ignore' })
  const url = (database: string) =>
    `postgresql://postgres@localhost/${database}?host=${encodeURIComponent(folder)}`
  let made = 0
  await untilReady(url('postgres'))
  return {
    async newDatabase() {
      const name = `hub${++made}`
      const client = new pg.Client({ connectionString: url('postgres') })
      await client.connect()
      await client.query(`CREATE DATABASE ${name}`)
      await client.end()
      return url(name)
    },
    async stop() {
      const ended = new Promise((resolve) => server.once('exit', resolve))
      const [ctl, ctlArgs] = command('pg_ctl', ['-D', data, '-m', 'immediate', 'stop'])
      execFileSync(ctl, ctlArgs, { stdio: 'pipe' })
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function untilReady(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const client = new pg.Client({ connectionString: url })
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      await client.end().catch(() => undefined)
      if (tries > 150) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
