import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { query, startPostgres, type TestPostgres } from './postgres.ts'
import { until } from './sync-rig.ts'

/** Where to stop replaying the archive: at a moment of the server's clock, or at a place that was given a name. */
export type RecoveryTarget = { readonly time: string } | { readonly name: string }

const STANDBY_PORT = 5433

/** A cluster that archives its log, so that it can be put back to a point in time. */
export const startArchivedPostgres = (): Promise<TestPostgres> =>
  startPostgres([
    'wal_level=replica',
    'archive_mode=on',
    'archive_command=mkdir -p {folder}/archive && test ! -f {folder}/archive/%f && cp %p {folder}/archive/%f',
  ])

const ask = async <T extends object>(postgres: TestPostgres, text: string): Promise<T> =>
  (await query<T>(postgres.url('postgres'), text))[0]!

let copies = 0

/** The whole cluster as files, while it works. @returns a data directory that nobody serves yet */
export function baseBackup(postgres: TestPostgres, ...options: string[]): string {
  const copy = join(postgres.folder, `copy${++copies}`)
  postgres.run('pg_basebackup', [
    ...['-h', postgres.folder, '-U', 'postgres', '-c', 'fast', '-D', copy],
    ...options,
  ])
  return copy
}

/** The server's clock. What commits after this has been told has a later reading. */
export async function timeOf(postgres: TestPostgres): Promise<string> {
  const { now } = await ask<{ now: string }>(postgres, 'SELECT clock_timestamp()::text AS now')
  await ask(postgres, 'SELECT pg_sleep(0.05)')
  return now
}

export const namePoint = (postgres: TestPostgres, name: string): Promise<object> =>
  ask(postgres, `SELECT pg_create_restore_point('${name}')`)

/** Everything written so far is in the archive. */
async function archiveAll(postgres: TestPostgres): Promise<void> {
  const { file } = await ask<{ file: string }>(postgres, 'SELECT pg_walfile_name(pg_switch_wal()) AS file')
  const isArchived = async (): Promise<boolean> => {
    const { last } = await ask<{ last: string | null }>(
      postgres,
      'SELECT last_archived_wal AS last FROM pg_stat_archiver',
    )
    return last !== null && last >= file
  }
  await until(isArchived, 'the log is archived', 30_000)
}

/**
 * The cluster dies, and `copy` with the archive up to the target takes its place under the same address.
 * @param meanwhile done while nothing is served
 */
export async function recoverTo(
  postgres: TestPostgres,
  copy: string,
  target: RecoveryTarget,
  meanwhile: () => void = () => undefined,
): Promise<void> {
  await archiveAll(postgres)
  await postgres.crash()
  meanwhile()
  const [[kind, value]] = Object.entries(target) as [['time' | 'name', string]]
  appendFileSync(
    join(copy, 'postgresql.auto.conf'),
    `restore_command = 'cp ${join(postgres.folder, 'archive')}/%f %p'
recovery_target_${kind} = '${value}'
recovery_target_action = 'promote'
`,
  )
  writeFileSync(join(copy, 'recovery.signal'), '')
  await postgres.serve(copy)
  await takesWrites(postgres)
}

const takesWrites = (postgres: TestPostgres): Promise<void> =>
  until(
    async () => !(await ask<{ is: boolean }>(postgres, 'SELECT pg_is_in_recovery() AS is')).is,
    'the server takes writes',
    30_000,
  )

/** Adds a standby without which nothing counts as committed. @returns its data directory */
export async function addStandby(postgres: TestPostgres): Promise<string> {
  const copy = baseBackup(postgres, '-R')
  const where = `-c port=${STANDBY_PORT} -c listen_addresses= -c max_connections=60 -k ${postgres.folder}`
  postgres.run('pg_ctl', ['-D', copy, '-w', '-l', join(postgres.folder, 'standby.log'), '-o', where, 'start'])
  const isStreaming = async (): Promise<boolean> =>
    (
      await ask<{ n: number }>(
        postgres,
        `SELECT count(*)::int AS n FROM pg_stat_replication WHERE state = 'streaming'`,
      )
    ).n > 0
  await until(isStreaming, 'the standby follows', 30_000)
  await ask(postgres, `ALTER SYSTEM SET synchronous_standby_names = '*'`)
  await ask(postgres, 'SELECT pg_reload_conf()')
  const isSynchronous = async (): Promise<boolean> =>
    (
      await ask<{ n: number }>(
        postgres,
        `SELECT count(*)::int AS n FROM pg_stat_replication WHERE sync_state = 'sync'`,
      )
    ).n > 0
  await until(isSynchronous, 'the standby is waited for', 30_000)
  return copy
}

/** The server dies in the midst of its work; the standby takes over its address, and after a while its part. */
export async function failOver(postgres: TestPostgres, standby: string): Promise<void> {
  await postgres.crash()
  postgres.run('pg_ctl', ['-D', standby, '-m', 'fast', '-w', 'stop'])
  await postgres.serve(standby)
  postgres.run('pg_ctl', ['-D', standby, '-w', 'promote'])
  await takesWrites(postgres)
}
