import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
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
  /** Holds the server's socket and whatever else belongs to it; writable for the user it runs as. */
  readonly folder: string
  /** The data directory that is served now. */
  readonly data: string
  /** Connection text of a database. */
  url(database: string): string
  /** Connection text of a new, empty database. */
  newDatabase(): Promise<string>
  /** Runs one of PostgreSQL's programs as the server's user. @returns what it printed */
  run(program: string, args: readonly string[]): string
  /** Ends the server as a power cut would. */
  crash(): Promise<void>
  /** Serves a data directory under the same address. Resolves when it takes connections, also in the midst of a recovery. */
  serve(data: string): Promise<void>
  /** Ends the server and forgets everything. */
  stop(): Promise<void>
}

const asRoot = process.getuid?.() === 0

/**
 * A private cluster on a Unix socket in a temporary folder, as an unprivileged user.
 * @param settings further settings, as `name=value`; `{folder}` stands for the cluster's own folder
 */
export async function startPostgres(settings: readonly string[] = []): Promise<TestPostgres> {
  const bin = postgresBin()
  if (!bin) throw new Error(NO_POSTGRES)
  const folder = mkdtempSync(join(tmpdir(), 'chanbo-pg-'))
  chmodSync(folder, 0o755)
  if (asRoot) execFileSync('chown', ['postgres', folder])
  const command = (program: string, args: readonly string[]): [string, string[]] =>
    asRoot
      ? ['runuser', ['-u', 'postgres', '--', join(bin, program), ...args]]
      : [join(bin, program), [...args]]
  const run = (program: string, args: readonly string[]): string =>
    execFileSync(...command(program, args), { encoding: 'utf8', stdio: 'pipe' })
  const url = (database: string) =>
    `postgresql://postgres@localhost/${database}?host=${encodeURIComponent(folder)}`
  let data = ''
  let server: ChildProcess | null = null
  const crash = async (): Promise<void> => {
    const ended = new Promise((resolve) => server?.once('exit', resolve))
    run('pg_ctl', ['-D', data, '-m', 'immediate', 'stop'])
    await ended
    server = null
  }
  const serve = async (from: string): Promise<void> => {
    data = from
    const own = ['listen_addresses=', 'max_connections=60', ...settings]
    const options = own.flatMap((setting) => ['-c', setting.replaceAll('{folder}', folder)])
    const [program, args] = command('postgres', ['-D', data, '-k', folder, ...options])
    server = spawn(program, args, { stdio: 'ignore' })
    await untilReady(url('postgres'))
  }
  run('initdb', ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale'])
  await serve(join(folder, 'data'))
  let made = 0
  return {
    folder,
    get data() {
      return data
    },
    url,
    async newDatabase() {
      const name = `hub${++made}`
      await query(url('postgres'), `CREATE DATABASE ${name}`)
      return url(name)
    },
    run,
    crash,
    serve,
    async stop() {
      if (server) await crash()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** One statement on a connection of its own. @returns its rows */
export async function query<T extends object>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<T>(text)).rows
  } finally {
    await client.end()
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
